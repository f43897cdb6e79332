"""Repairs, diagnostics, and the HTTP side."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from custom_components.cosyvoice.diagnostics import async_get_config_entry_diagnostics
from custom_components.cosyvoice.repairs import VoiceMissingRepairFlow, async_create_fix_flow
from custom_components.cosyvoice.server_info import ServerInfo, ServerStatus
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.test_util.aiohttp import AiohttpClientMocker
from tests.home_assistant.unit.conftest import PROFILE_ID, make_entry, set_up
from tests.home_assistant.unit.fake_server import SERVER_ID, FakeServer, description, voice


def issues(hass: HomeAssistant) -> dict[str, ir.IssueEntry]:
    return {str(issue.translation_key): issue
            for (domain, _), issue in ir.async_get(hass).issues.items() if domain == "cosyvoice"}  # fmt: skip


async def test_no_voice_and_installing(hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry) -> None:
    assert not issues(hass)
    server.program["voices"] = []
    await loaded.runtime_data.async_refresh()
    assert set(issues(hass)) == {"no_voice"}
    server.about["status"]["installing"] = "starter"
    await loaded.runtime_data.async_refresh()
    assert issues(hass)["model_installing"].translation_placeholders == {"server": "CosyVoice", "model": "starter"}
    assert set(issues(hass)) == {"model_installing"}
    server.info = description()
    await loaded.runtime_data.async_refresh()
    assert not issues(hass)


async def test_too_old_after_a_downgrade(hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry) -> None:
    server.about["version"] = "0.0.1"
    await loaded.runtime_data.async_refresh()
    assert set(issues(hass)) == {"server_too_old"}
    server.about["version"] = "0.1.0"
    await loaded.runtime_data.async_refresh()
    assert not issues(hass)


async def test_too_old_at_start(hass: HomeAssistant, server: FakeServer, entry: MockConfigEntry) -> None:
    server.about["version"] = "0.0.1"
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert set(issues(hass)) == {"server_too_old"}
    await hass.config_entries.async_remove(entry.entry_id)
    assert not issues(hass), "a server that was removed leaves nothing to repair"


async def test_a_missing_voice_is_replaced(hass: HomeAssistant, server: FakeServer) -> None:
    server.program["voices"].append(voice("guest", "en"))
    entry = make_entry(server, voice="guest", speed=1.1)
    await set_up(hass, entry)
    server.program["voices"].pop()
    await entry.runtime_data.async_refresh()
    issue = issues(hass)["voice_missing"]
    assert issue.is_fixable
    assert issue.translation_placeholders == {"server": "CosyVoice", "profile": "Kitchen", "voice": "guest"}

    flow = await async_create_fix_flow(hass, issue.issue_id, issue.data)
    assert isinstance(flow, VoiceMissingRepairFlow)
    flow.hass = hass
    form = await flow.async_step_init()
    assert form["step_id"] == "choose"
    assert form["description_placeholders"] == {"profile": "Kitchen", "voice": "guest"}
    done = await flow.async_step_choose({"voice": "tom"})
    assert done["type"] == "create_entry"
    await hass.async_block_till_done()
    assert dict(entry.subentries[PROFILE_ID].data) == {"language": "auto", "voice": "tom", "speed": 1.1}
    assert not issues(hass)


async def test_the_repair_of_what_is_gone_meanwhile(hass: HomeAssistant, server: FakeServer) -> None:
    async def outcome(entry_id: str, subentry_id: str) -> Any:
        flow = await async_create_fix_flow(hass, "x", {"entry_id": entry_id, "subentry_id": subentry_id})
        assert isinstance(flow, VoiceMissingRepairFlow)
        flow.hass = hass
        return (await flow.async_step_init())["reason"]

    assert await outcome("no such entry", PROFILE_ID) == "profile_removed"
    entry = make_entry(server)
    await set_up(hass, entry)
    assert await outcome(entry.entry_id, "no such profile") == "profile_removed"
    await hass.config_entries.async_unload(entry.entry_id)
    assert await outcome(entry.entry_id, PROFILE_ID) == "entry_not_loaded"


async def test_diagnostics_tell_no_secret(hass: HomeAssistant, server: FakeServer) -> None:
    entry = make_entry(server, voice="mei")
    await set_up(hass, entry)
    hass.config_entries.async_update_entry(entry, data={**entry.data, "token": "secret-token"})
    await hass.async_block_till_done()
    told = await async_get_config_entry_diagnostics(hass, entry)
    for secret in ("secret-token", SERVER_ID, server.host, "Kitchen"):
        assert secret not in str(told)
    assert told["server"]["version"] == "0.1.0"
    assert [item["name"] for item in told["server"]["voices"]] == ["mei", "tom", "yuki"]
    assert told["last_update_success"] is True
    assert told["last_error"] is None


async def test_live_numbers_over_http(
    hass: HomeAssistant, server: FakeServer, entry: MockConfigEntry, aioclient_mock: AiohttpClientMocker
) -> None:
    server.about["http"] = {"port": 10201}
    aioclient_mock.get("http://127.0.0.1:10201/status", json={"open_streams": 9, "requests": None})
    await set_up(hass, entry)
    assert entry.runtime_data.data.status == ServerStatus(open_streams=9)
    (device,) = [item for item in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
                 if ("cosyvoice", SERVER_ID) in item.identifiers]  # fmt: skip
    assert device.configuration_url == "http://127.0.0.1:10201"


@pytest.mark.parametrize(
    "answer",
    [{"status": 404}, {"status": 500}, {"text": "no json"}, {"exc": aiohttp.ClientError()}, {"exc": TimeoutError()}],
)
async def test_a_broken_http_side_does_not_stop_speech(
    hass: HomeAssistant,
    server: FakeServer,
    entry: MockConfigEntry,
    aioclient_mock: AiohttpClientMocker,
    answer: dict[str, Any],
) -> None:
    server.about["http"] = {"port": 10201}
    aioclient_mock.get("http://127.0.0.1:10201/status", **answer)
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.runtime_data.data.status.open_streams == 2, "what Wyoming told is used instead"


def test_an_ipv6_host_is_bracketed() -> None:
    data = description()
    data["tts"][0]["cosyvoice"]["http"] = {"port": 10201}
    assert ServerInfo.from_event_data(data).http_url("fe80::1") == "http://[fe80::1]:10201"


@pytest.mark.parametrize(
    ("told", "read"),
    [
        (None, ServerStatus()),
        ([1], ServerStatus()),
        ({"open_streams": "many", "requests": True, "errors": 1, "installing": 5}, ServerStatus(errors=1)),
        ({"real_time_factor": 0.5, "unknown": 1, "installing": ""}, ServerStatus(real_time_factor=0.5)),
    ],
)
def test_odd_numbers_are_left_out(told: Any, read: ServerStatus) -> None:
    assert ServerStatus.from_dict(told) == read


@pytest.mark.parametrize("version", ["0.1.0", "0.1.0rc1", "0.10", "1", "2026.11.0"])
def test_versions_that_are_new_enough(version: str) -> None:
    data = description()
    data["tts"][0]["cosyvoice"]["version"] = version
    assert ServerInfo.from_event_data(data).version == version
