"""What SSML asks of the spine: pauses, voices, speed and volume."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.speech.conftest import speak
from tests.speech.engines import PlainEngine, voice
from wyoming_cosyvoice.errors import TextTooLongError, UnknownVoiceError
from wyoming_cosyvoice.speech.request import SpeechOptions

if TYPE_CHECKING:
    from tests.speech.conftest import MakeService
    from wyoming_cosyvoice.audio.pcm import Pcm
    from wyoming_cosyvoice.speech.service import SpeechService


async def _seconds(service: SpeechService, markup: str) -> float:
    return (await _say(service, markup)).size / 16000


async def _say(service: SpeechService, markup: str) -> Pcm:
    return await speak(service, f"<speak>{markup}</speak>", text_format="ssml", sample_rate=16000)


@pytest.mark.parametrize("gap", ["", " "])
async def test_a_break_replaces_the_usual_pause(make_service: MakeService, gap: str) -> None:
    service = await make_service(PlainEngine(), sentence_silence=0.5)
    bare = await _seconds(service, "Hello.") + await _seconds(service, "Goodbye.")
    assert await _seconds(service, f'Hello.{gap}<break time="2s"/>{gap}Goodbye.') == pytest.approx(bare + 2, abs=1e-3)
    assert await _seconds(service, "Hello. Goodbye.") == pytest.approx(bare + 0.5, abs=1e-3)


async def test_breaks_at_the_beginning_and_the_end_are_kept(make_service: MakeService) -> None:
    service = await make_service(PlainEngine())
    bare = await _say(service, "Hello.")
    both = await _say(service, '<break time="1s"/>Hello.<break time="500ms"/>')
    assert both.size == bare.size + 24_000
    assert not both[:16_000].any()
    assert not both[-8_000:].any()
    np.testing.assert_array_equal(both[16_000:-8_000], bare)


async def test_a_break_alone_is_that_long(make_service: MakeService) -> None:
    service = await make_service(PlainEngine())
    assert await _seconds(service, '<break time="1s"/>') == 1.0


async def test_many_long_breaks_are_bounded(make_service: MakeService) -> None:
    service = await make_service(PlainEngine(), max_audio=60.0)
    with pytest.raises(TextTooLongError, match="60 seconds"):
        await _say(service, 'Hello.<break time="10s"/>' * 20)
    with pytest.raises(TextTooLongError, match="60 seconds"):
        await _say(service, '<break time="10s"/>' * 20)


async def test_another_voice_speed_and_volume(make_service: MakeService) -> None:
    engine = PlainEngine(voice("a"), voice("b"), level=0.02)
    other = PlainEngine(voice("c"), name="other", rate=24000)
    service = await make_service(engine, other, sentence_silence=0.0)
    await _say(service, '<voice name="b">One.</voice><voice name="c">Two.</voice>')
    assert [said.voice for said in (*engine.utterances, *other.utterances)] == ["b", "c"]
    await _say(service, '<prosody rate="200%">Three.</prosody>')
    assert engine.utterances[-1].speed == 2.0
    await _say(service, '<prosody rate="50%"><prosody rate="50%">Four.</prosody></prosody>')
    assert engine.utterances[-1].speed == 0.5, "the product stays within its range"


async def test_a_voice_that_does_not_exist_is_an_error_where_it_would_speak(make_service: MakeService) -> None:
    service = await make_service(PlainEngine())
    async with service.open(SpeechOptions(text_format="ssml"), "test") as stream:
        stream.feed('<speak>This is good. <voice name="nobody">This is not.</voice></speak>')
        stream.end()
        assert (await anext(stream)).samples.any()
        with pytest.raises(UnknownVoiceError, match="nobody"):
            async for _ in stream:
                pass
    stream.feed("after the end")
    stream.end()
    assert service.status().errors == {"unknown-voice": 1}
