"""A request becomes audio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.engines.tone import ToneEngine
from wyoming_cosyvoice.speech.request import SpeechOptions

if TYPE_CHECKING:
    from tests.speech.conftest import MakeService
    from wyoming_cosyvoice.speech.service import SpeechService


async def speak(service: SpeechService, *pieces: str, client: str = "test", **options: object) -> np.ndarray:
    async with service.open(SpeechOptions(**options), client) as stream:  # type: ignore[arg-type]
        for piece in pieces:
            stream.feed(piece)
        stream.end()
        blocks = [chunk.samples async for chunk in stream]
    assert all(block.dtype == np.int16 for block in blocks)
    assert len({block.size for block in blocks[:-1]}) <= 1
    return np.concatenate(blocks)


async def test_a_text_is_spoken(make_service: MakeService) -> None:
    service = await make_service(ToneEngine())
    samples = await speak(service, "Hello world. Bye.")
    assert samples.size / 22050 > 1
    assert np.abs(samples).max() > 3000


async def test_nothing_to_say_is_a_short_silence(make_service: MakeService) -> None:
    service = await make_service(ToneEngine())
    for text in ("", "...", "\n"):
        samples = await speak(service, text)
        assert samples.size == 2205
        assert not samples.any()
