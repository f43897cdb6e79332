"""A crowd: many clients at once who stay, leave, dawdle and repeat each other, on engines of both kinds."""

from __future__ import annotations

import asyncio
import random
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.speech.conftest import soon, speak
from tests.speech.engines import BatchEngine, FailingEngine, PlainEngine, voice
from wyoming_cosyvoice.errors import BusyError, EngineError
from wyoming_cosyvoice.speech.request import SpeechOptions

if TYPE_CHECKING:
    from tests.speech.conftest import MakeService
    from wyoming_cosyvoice.audio.pcm import Pcm
    from wyoming_cosyvoice.speech.service import SpeechService

TEXTS = (
    "The door is open. The light is off. Good night.",
    "好的，客厅的灯已经打开了。晚安。",
    "Good night.",
    "The light is off. はい、そうです。",
    "One. Two. Three. Four. Five. Six.",
    "...",
)


async def _visit(service: SpeechService, chance: random.Random, text: str, name: str) -> Pcm | None:
    """Speak a text as one of the crowd; None where the client left early or was refused."""
    leaves_after = chance.choice([None, None, 0, 1, 5, 20])
    blocks = []
    try:
        async with service.open(SpeechOptions(voice=chance.choice("ab"), sample_rate=16000), name) as stream:
            spoken_by = stream.voice.id
            while text:
                cut = chance.randint(1, len(text))
                stream.feed(text[:cut])
                text = text[cut:]
                await asyncio.sleep(chance.choice([0, 0, 0.001]))
            stream.end()
            async for chunk in stream:
                blocks.append(chunk.samples)
                if len(blocks) == leaves_after:
                    return None
                if chance.random() < 0.1:
                    await asyncio.sleep(0.002)
    except (BusyError, EngineError):
        return None
    return np.concatenate([np.full(1, ord(spoken_by), dtype=np.int16), *blocks])


@pytest.mark.parametrize("seed", range(3))
async def test_everybody_who_stays_hears_what_they_would_hear_alone(make_service: MakeService, seed: int) -> None:
    engines = BatchEngine(voice("a"), name="batch"), PlainEngine(voice("b"), name="single", rate=24000)  # type: ignore[arg-type]
    alone = await make_service(*engines, cache_memory=0)
    expected = {
        (text, name): await speak(alone, text, voice=name, sample_rate=16000) for text in TEXTS for name in "ab"
    }
    await alone.stop(0)
    crowd = BatchEngine(voice("a"), name="batch"), PlainEngine(voice("b"), name="single", rate=24000)  # type: ignore[arg-type]
    service = await make_service(*crowd, cache_memory=1, cache_disk=1, lookahead=1 + seed, max_queue=25)
    chance = random.Random(seed)
    texts = [chance.choice(TEXTS) for _ in range(60)]
    visits = [
        asyncio.ensure_future(_visit(service, random.Random(f"{seed} {number}"), text, f"client {number % 7}"))
        for number, text in enumerate(texts)
    ]
    chance.choice(visits).cancel()
    heard = await asyncio.gather(*visits, return_exceptions=True)
    stayed = 0
    for text, samples in zip(texts, heard, strict=True):
        if isinstance(samples, np.ndarray):
            stayed += 1
            np.testing.assert_array_equal(samples[1:], expected[text, chr(samples[0])])
        else:
            assert samples is None or isinstance(samples, asyncio.CancelledError)
    assert stayed > 5
    await _is_idle(service)


async def test_an_engine_that_fails_now_and_then_leaves_nobody_waiting(make_service: MakeService) -> None:
    lock, dice = threading.Lock(), random.Random(4)

    def act(_: str) -> None:
        with lock:
            if dice.random() < 0.3:
                raise ValueError("now and then")

    service = await make_service(
        FailingEngine(act, name="now", seconds=0.02),  # type: ignore[arg-type]
        cache_memory=0,
        voice="plain",
    )
    chance = random.Random(5)

    async def visit(number: int) -> None:
        try:
            await speak(service, chance.choice(TEXTS), client=str(number))
        except EngineError:
            return

    async with asyncio.timeout(60):
        for _ in range(10):
            await asyncio.gather(*(visit(number) for number in range(20)))
    await _is_idle(service)


async def _is_idle(service: SpeechService) -> None:
    await soon(lambda: service.status().running == 0)
    status = service.status()
    assert (status.open_streams, status.queued) == (0, 0)
    assert not service._studio._sessions
    assert all(len(worker._queue._turns) == 0 for worker in service._workers())
