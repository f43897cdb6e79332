"""What the server tells of itself beyond Wyoming, which the Home Assistant integration reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wyoming.info import Describe
from wyoming.tts import Synthesize

from tests.server.harness import Server, ask

if TYPE_CHECKING:
    from tests.server.conftest import StartServer


async def about(server: Server) -> dict[str, Any]:
    async with server.client() as client:
        await client.write_event(Describe().event())
        event = await client.read_event()
    assert event is not None
    told: dict[str, Any] = event.data["tts"][0]["cosyvoice"]
    return told


async def test_live_numbers_follow_the_requests(start: StartServer) -> None:
    server = start()
    before = (await about(server))["status"]
    assert (before["requests"], before["errors"], before["first_audio_seconds"]) == (0, 0, None)
    async with server.client() as client:
        for _ in range(2):
            assert (await ask(client, Synthesize("The same sentence.").event())).audio
    after = (await about(server))["status"]
    assert (after["requests"], after["open_streams"]) == (2, 0)
    assert after["cache_hits"] >= 1
    assert after["first_audio_seconds"] > 0


async def test_defaults_that_change_the_sound_are_told(start: StartServer) -> None:
    told = (await about(start("--voice", "tone_high", "--language", "ja", "--mixed", "best-voice")))["options"]
    defaults = {name: told[name]["default"] for name in ("voice", "language", "mixed", "speed")}
    assert defaults == {"voice": "tone_high", "language": "ja", "mixed": "best-voice", "speed": 1.0}
