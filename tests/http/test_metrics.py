"""Numbers for Prometheus, the page and Home Assistant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from tests.http.conftest import Running

    Start = Callable[..., AbstractAsyncContextManager[Running]]


async def metrics(server: Running) -> dict[str, float]:
    text = (await server.client.get("/metrics")).text
    return {
        sample.name + "".join(f"[{value}]" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_requests_errors_and_times_are_counted(start: Start) -> None:
    async with start() as server:
        await server.speech("Hello there.")
        await server.speech("Hello there.")
        await server.speech("Hello", voice="nobody")
        numbers = await metrics(server)
    assert numbers["cosyvoice_requests_total"] == 2
    assert numbers["cosyvoice_errors_total[unknown-voice]"] == 1
    assert numbers["cosyvoice_first_audio_seconds_count"] == numbers["cosyvoice_total_seconds_count"] == 2
    # the second came from the cache, so it says nothing about the engine's speed
    assert numbers["cosyvoice_real_time_factor_count"] == 1
    assert numbers["cosyvoice_cache_hits_total"] >= 1
    assert numbers["cosyvoice_engine[tone][synthesis_seconds]"] > 0
    assert numbers["process_resident_memory_bytes"] > 1e7


async def test_status_is_what_the_page_shows(start: Start) -> None:
    async with start() as server:
        fresh = (await server.client.get("/status")).json()
        await server.speech("Hello there.")
        now = (await server.client.get("/status")).json()
    assert fresh["real_time_factor"] is None
    assert fresh["requests"] == 0
    assert (now["requests"], now["queued"], now["running"]) == (1, 0, 0)
    assert now["real_time_factor"] > 0
    assert now["engines"] == ["Test tones: a beep for each character"]


async def test_voices_carry_what_a_chooser_needs(start: Start) -> None:
    async with start() as server:
        answer = (await server.client.get("/voices")).json()
    assert answer["default"] == "tone_low"
    assert answer["voices"][1] == {
        "id": "tone_high",
        "description": "High test tone",
        "languages": ["zh", "en", "ja", "ko", "yue"],
        "experimental": [],
        "gender": "female",
        "aliases": ["high"],
        "engine": "tone",
        "sample_rate": 22050,
    }
