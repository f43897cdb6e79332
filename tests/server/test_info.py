"""What the server says about itself, as Home Assistant reads it."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from wyoming.info import Info
from wyoming.tts import Synthesize

from tests.server.harness import Server, describe, raw, read_answer
from wyoming_cosyvoice import __version__
from wyoming_cosyvoice.config import Config
from wyoming_cosyvoice.engines.registry import Engines
from wyoming_cosyvoice.engines.tone import ToneEngine
from wyoming_cosyvoice.server.info import info_event

if TYPE_CHECKING:
    from pathlib import Path

    from tests.server.conftest import StartServer
    from wyoming_cosyvoice.engines.engine import Voice


class Choir(ToneEngine):
    """Test tones with other voices."""

    def __init__(self, *voices: Voice) -> None:
        super().__init__()
        self.voices = voices  # type: ignore[assignment]


LOW, HIGH = ToneEngine.voices


def info_of(*voices: Voice, config: Config | None = None) -> Info:
    engines = Engines([Choir(*voices)] if voices else [])
    return Info.from_event(info_event(engines, config or Config(), "0" * 32, None))


async def test_one_program_with_voices_that_home_assistant_shows(server: Server) -> None:
    async with server.client() as client:
        info = await describe(client)
    (program,) = info.tts
    assert (program.name, program.installed, program.version) == ("cosyvoice", True, __version__)
    assert program.supports_synthesize_streaming
    assert program.attribution.url
    assert {voice.name for voice in program.voices} == {"tone_low", "tone_high"}
    for voice in program.voices:
        assert voice.installed
        assert voice.description
        assert voice.attribution.name
        assert voice.version


def test_languages_are_those_that_home_assistant_matches() -> None:
    (program,) = info_of(LOW, HIGH).tts
    languages = {language for voice in program.voices for language in voice.languages}
    assert languages == {"zh", "zh-CN", "zh-TW", "en", "ja", "ko", "yue", "zh-HK"}


def test_cantonese_is_offered_only_by_voices_that_have_it() -> None:
    (program,) = info_of(replace(LOW, languages=("zh", "en"))).tts
    assert program.voices[0].languages == ["zh", "zh-CN", "zh-TW", "en"]


def test_an_experimental_language_is_offered_only_where_nobody_speaks_it_well() -> None:
    foreign = replace(LOW, languages=("en",), experimental=("ko", "zh"))
    native = replace(HIGH, languages=("zh",))
    voices = info_of(foreign, native).tts[0].voices
    assert voices[0].languages == ["en", "ko"]
    assert voices[0].description is not None
    assert "experimental" in voices[0].description
    assert voices[1].languages == ["zh", "zh-CN", "zh-TW"]


def test_speakers_and_names_of_cosyvoice_are_shown() -> None:
    (program,) = info_of(replace(LOW, speakers=("calm", "happy"), aliases=("中文女", "low"))).tts
    (voice,) = program.voices
    assert [speaker.name for speaker in voice.speakers or []] == ["calm", "happy"]
    assert voice.description is not None
    assert "中文女" in voice.description


def test_without_a_voice_the_program_is_not_installed() -> None:
    (program,) = info_of().tts
    assert (program.installed, program.voices) == (False, [])


def test_streaming_can_be_left_out() -> None:
    assert not info_of(LOW, config=Config(no_streaming=True)).tts[0].supports_synthesize_streaming


async def test_our_own_keys(server: Server) -> None:
    async with raw(server) as (reader, writer):
        writer.write(b'{"type": "describe"}\n')
        header = json.loads(await reader.readline())
        data = json.loads(await reader.readexactly(header["data_length"]))
    extra = data["tts"][0]["cosyvoice"]
    assert re.fullmatch("[0-9a-f]{32}", extra["server_id"])
    assert (extra["version"], extra["revision"], extra["http"]) == (__version__, "tone-1", None)
    assert extra["options"]["speed"] == {"min": 0.5, "max": 2.0, "default": 1.0}
    assert {"language", "volume", "style", "seed", "sentence_silence", "sample_rate"} <= set(extra["options"])


def test_the_id_survives_a_restart(start: StartServer, tmp_path: Path) -> None:
    data_dir = tmp_path / "kept"
    ids = []
    for _ in range(2):
        server = start("--data-dir", str(data_dir))
        ids.append((data_dir / "server_id").read_text())
        server.stop()
    assert ids[0] == ids[1]


async def test_describe_is_answered_while_four_clients_are_spoken_to(start: StartServer) -> None:
    server = start("--cache-memory", "0", model="tone:1")
    clients = [server.client() for _ in range(4)]
    for number, client in enumerate(clients):
        await client.connect()
        await client.write_event(Synthesize(f"Client {number} wants to hear a long story. " * 20).event())
        assert await client.read_event() is not None
    speaking = [asyncio.create_task(read_answer(client, streaming=False, rate=22050)) for client in clients]
    async with server.client() as client:
        for _ in range(100):
            assert (await describe(client)).tts
    # every story lasts a minute and more: nobody waited for one to end
    assert not any(task.done() for task in speaking)
    for task in speaking:
        task.cancel()
    await asyncio.gather(*speaking, return_exceptions=True)
    for client in clients:
        await client.disconnect()
    server.stop()
