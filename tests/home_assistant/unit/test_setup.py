from __future__ import annotations

from datetime import timedelta

import pytest
from custom_components.cosyvoice import async_remove_config_entry_device
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from tests.home_assistant.unit.conftest import PROFILE_ID, set_up, state_of
from tests.home_assistant.unit.fake_server import FakeServer, voice

ENTITY = "tts.kitchen_speech"


async def next_poll(hass: HomeAssistant) -> None:
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=40))
    await hass.async_block_till_done(wait_background_tasks=True)


def device(hass: HomeAssistant, entry: MockConfigEntry, name: str) -> dr.DeviceEntry:
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return next(item for item in devices if ("cosyvoice", name) in item.identifiers)


async def test_loads_and_unloads(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    assert loaded.state is ConfigEntryState.LOADED
    assert state_of(hass, ENTITY) == STATE_UNKNOWN
    assert await hass.config_entries.async_unload(loaded.entry_id)
    assert loaded.state is ConfigEntryState.NOT_LOADED
    assert state_of(hass, ENTITY) == STATE_UNAVAILABLE


async def test_retries_while_nothing_answers(hass: HomeAssistant, server: FakeServer, entry: MockConfigEntry) -> None:
    await server.stop()
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert f"Nothing answers at {server.host}:{server.port}" in str(entry.reason)


async def test_refuses_another_server_at_the_same_address(
    hass: HomeAssistant, server: FakeServer, entry: MockConfigEntry
) -> None:
    server.about["server_id"] = "another"
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert "Another CosyVoice server answers at" in str(entry.reason)


async def test_becomes_unavailable_and_available_again(
    hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    await server.stop()
    await next_poll(hass)
    assert state_of(hass, ENTITY) == STATE_UNAVAILABLE
    await next_poll(hass)
    told = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(told) == 1, "that the server is gone is logged once"
    await server.start()
    await next_poll(hass)
    assert state_of(hass, ENTITY) == STATE_UNKNOWN


async def test_follows_voices_that_come_and_go(
    hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry
) -> None:
    entity = hass.data["tts"].get_entity(ENTITY)
    assert entity.supported_languages == ["zh", "zh-CN", "en", "ja"]
    server.program["voices"] = [voice("tom", "en"), voice("ji", "ko")]
    await next_poll(hass)
    assert entity.supported_languages == ["en", "ko"]
    assert [item.voice_id for item in entity.async_get_supported_voices("ko")] == ["ji"]
    assert entity.async_get_supported_voices("zh") is None


async def test_is_unavailable_without_voices(hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry) -> None:
    server.program["voices"] = []
    await next_poll(hass)
    assert state_of(hass, ENTITY) == STATE_UNAVAILABLE


async def test_tells_the_servers_version(hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry) -> None:
    assert device(hass, loaded, loaded.unique_id).sw_version == "0.1.0"
    server.about["version"] = "0.2.0"
    await next_poll(hass)
    assert device(hass, loaded, loaded.unique_id).sw_version == "0.2.0"


async def test_a_new_profile_becomes_an_entity_at_once(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    flow = await hass.config_entries.subentries.async_init((loaded.entry_id, "profile"), context={"source": "user"})
    await hass.config_entries.subentries.async_configure(
        flow["flow_id"], {"name": "Calm", "voice": "mei", "language": "zh", "speed": 0.8}
    )
    await hass.async_block_till_done()
    assert hass.states.get("tts.calm_speech") is not None


async def test_a_removed_profile_takes_its_entity_and_device_along(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    hass.config_entries.async_remove_subentry(loaded, PROFILE_ID)
    await hass.async_block_till_done()
    assert er.async_get(hass).async_get(ENTITY) is None
    names = {
        name
        for item in dr.async_entries_for_config_entry(dr.async_get(hass), loaded.entry_id)
        for _, name in item.identifiers
    }
    assert names == {loaded.unique_id}


async def test_only_stale_devices_may_be_removed(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    registry = dr.async_get(hass)
    stale = registry.async_get_or_create(config_entry_id=loaded.entry_id, identifiers={("cosyvoice", "long gone")})
    assert await async_remove_config_entry_device(hass, loaded, stale)
    for name in (loaded.unique_id, PROFILE_ID):
        assert not await async_remove_config_entry_device(hass, loaded, device(hass, loaded, name))


async def test_sensors_are_there_but_disabled(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    sensors = [
        item
        for item in er.async_entries_for_config_entry(er.async_get(hass), loaded.entry_id)
        if item.domain == "sensor"
    ]
    assert {item.translation_key for item in sensors} == {
        "real_time_factor",
        "first_audio",
        "open_streams",
        "requests",
        "errors",
        "cache_hits",
        "cache_misses",
    }
    for item in sensors:
        assert item.disabled_by is er.RegistryEntryDisabler.INTEGRATION
        assert item.entity_category == "diagnostic"


async def test_enabled_sensors_show_the_servers_numbers(
    hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry
) -> None:
    registry = er.async_get(hass)
    for item in er.async_entries_for_config_entry(registry, loaded.entry_id):
        registry.async_update_entity(item.entity_id, disabled_by=None)
    assert await hass.config_entries.async_reload(loaded.entry_id)
    assert state_of(hass, "sensor.cosyvoice_real_time_factor") == "0.25"
    assert state_of(hass, "sensor.cosyvoice_time_to_first_sound") == "0.5"
    assert state_of(hass, "sensor.cosyvoice_clauses_from_the_cache") == "7.0"
    server.about["status"] = {"open_streams": 5}
    await next_poll(hass)
    assert state_of(hass, "sensor.cosyvoice_open_requests") == "5.0"
    assert state_of(hass, "sensor.cosyvoice_real_time_factor") == STATE_UNKNOWN
