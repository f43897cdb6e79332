from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from homeassistant.config_entries import (
    SOURCE_HASSIO,
    SOURCE_USER,
    SOURCE_ZEROCONF,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.test_util.aiohttp import AiohttpClientMocker
from tests.home_assistant.unit.conftest import PROFILE_ID, set_up
from tests.home_assistant.unit.fake_server import SERVER_ID, FakeServer

STATUS_URL = "http://127.0.0.1:10201/status"


def address(server: FakeServer) -> dict[str, Any]:
    return {"host": server.host, "port": server.port}


async def start(hass: HomeAssistant, source: str = SOURCE_USER, data: Any = None) -> ConfigFlowResult:
    return await hass.config_entries.flow.async_init("cosyvoice", context={"source": source}, data=data)


async def enter(hass: HomeAssistant, flow: ConfigFlowResult, **values: Any) -> ConfigFlowResult:
    result = await hass.config_entries.flow.async_configure(flow["flow_id"], values)
    await hass.async_block_till_done()
    return result


def announced(server: FakeServer, name: str = "cosyvoice") -> ZeroconfServiceInfo:
    where = ip_address(server.host)
    kind = "_wyoming._tcp.local."
    return ZeroconfServiceInfo(
        where, [where], server.port, "box.local.", kind, f"{name}.{kind}", {"program": "cosyvoice"}
    )


def app(uri: str) -> HassioServiceInfo:
    return HassioServiceInfo({"uri": uri}, "CosyVoice", "abc_cosyvoice", "12345")


async def test_user(hass: HomeAssistant, server: FakeServer) -> None:
    form = await start(hass)
    assert (form["type"], form["step_id"], form["errors"]) == (FlowResultType.FORM, "user", {})
    result = await enter(hass, form, host=f" {server.host} ", port=server.port)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == address(server)
    entry = result["result"]
    assert (entry.unique_id, entry.title, entry.state) == (SERVER_ID, "CosyVoice", ConfigEntryState.LOADED)
    (profile,) = entry.subentries.values()
    assert (profile.title, dict(profile.data)) == ("CosyVoice", {"language": "auto"})
    assert hass.states.get("tts.cosyvoice_speech") is not None


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda server: server.info.update(tts=[]), "no_tts"),
        (lambda server: server.info.update(tts="nonsense"), "not_wyoming"),
        (lambda server: server.program.update(name="piper", cosyvoice=None), "not_cosyvoice"),
        (lambda server: server.program.pop("cosyvoice"), "server_too_old"),
        (lambda server: server.about.update(server_id=""), "server_too_old"),
        (lambda server: server.about.update(version="0.0.9"), "server_too_old"),
        (lambda server: server.about.update(version="dev"), "server_too_old"),
        (lambda server: setattr(server, "info", None), "not_wyoming"),
        (lambda server: setattr(server, "raw_answer", b"HTTP/1.1 400 Bad Request\r\n\r\n"), "not_wyoming"),
        (lambda server: setattr(server, "raw_answer", b"[1, 2]\n"), "not_wyoming"),
        (lambda server: setattr(server, "raw_answer", b'{"type": "info", "data_length": 99}\n{'), "not_wyoming"),
        (lambda server: setattr(server, "raw_answer", b"\xff\xfe\x00\n"), "not_wyoming"),
    ],
)
async def test_every_error_is_told_apart_and_can_be_mended(
    hass: HomeAssistant, server: FakeServer, change: Any, error: str
) -> None:
    change(server)
    form = await start(hass)
    form = await enter(hass, form, **address(server))
    assert (form["type"], form["errors"]) == (FlowResultType.FORM, {"base": error})

    mended = FakeServer()
    await mended.start()
    result = await enter(hass, form, **address(mended))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await mended.stop()


async def test_nobody_there(hass: HomeAssistant, server: FakeServer) -> None:
    await server.stop()
    form = await enter(hass, await start(hass), **address(server))
    assert form["errors"] == {"base": "cannot_connect"}
    await server.start()
    assert (await enter(hass, form, **address(server)))["type"] is FlowResultType.CREATE_ENTRY


async def test_no_answer_in_time(hass: HomeAssistant, server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.cosyvoice.client.async_describe.__defaults__", (0.1,))
    server.raw_answer = b""
    server.delay = 5
    form = await enter(hass, await start(hass), **address(server))
    assert form["errors"] == {"base": "timeout_connect"}


async def test_a_port_out_of_range_is_refused_by_the_form(hass: HomeAssistant, server: FakeServer) -> None:
    with pytest.raises(InvalidData):
        await enter(hass, await start(hass), host="box", port=70000)


async def test_the_same_server_is_not_added_twice(hass: HomeAssistant, server: FakeServer, loaded: Any) -> None:
    result = await enter(hass, await start(hass), host="localhost", port=server.port)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")
    assert loaded.data["host"] == server.host, "what was typed in does not move the entry"


async def test_token(hass: HomeAssistant, server: FakeServer, aioclient_mock: AiohttpClientMocker) -> None:
    server.about["http"] = {"port": 10201}
    aioclient_mock.get(STATUS_URL, status=401)
    form = await enter(hass, await start(hass), **address(server))
    assert (form["step_id"], form["errors"]) == ("token", {})
    form = await enter(hass, form, token="wrong")
    assert (form["step_id"], form["errors"]) == ("token", {"base": "invalid_auth"})
    aioclient_mock.clear_requests()
    aioclient_mock.get(STATUS_URL, json={"open_streams": 1})
    result = await enter(hass, form, token="right")
    assert result["data"] == {**address(server), "token": "right"}
    assert aioclient_mock.mock_calls[-1][3] == {"Authorization": "Bearer right"}


async def test_zeroconf(hass: HomeAssistant, server: FakeServer) -> None:
    form = await start(hass, SOURCE_ZEROCONF, announced(server))
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "confirm")
    assert form["description_placeholders"] == {
        "name": "cosyvoice", "host": server.host, "port": str(server.port)
    }  # fmt: skip
    result = await enter(hass, form)
    assert (result["type"], result["title"]) == (FlowResultType.CREATE_ENTRY, "cosyvoice")
    assert result["data"] == address(server)


async def test_zeroconf_of_a_known_server_notes_its_new_address(
    hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry
) -> None:
    moved = FakeServer()
    await moved.start()
    result = await start(hass, SOURCE_ZEROCONF, announced(moved))
    await hass.async_block_till_done()
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")
    assert loaded.data["port"] == moved.port
    assert loaded.runtime_data.address.port == moved.port, "it reloaded with the new address"
    await moved.stop()


async def test_zeroconf_revives_an_entry_that_could_not_reach_its_server(
    hass: HomeAssistant, server: FakeServer, entry: MockConfigEntry
) -> None:
    await server.stop()
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    server.port = 0
    await server.start()
    await start(hass, SOURCE_ZEROCONF, announced(server))
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED


@pytest.mark.parametrize("source", [SOURCE_ZEROCONF, SOURCE_HASSIO])
async def test_what_is_found_but_is_no_server_is_not_offered(
    hass: HomeAssistant, server: FakeServer, source: str
) -> None:
    assert server.info is not None
    server.info["tts"] = []
    found = announced(server) if source == SOURCE_ZEROCONF else app(f"tcp://{server.host}:{server.port}")
    result = await start(hass, source, found)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "no_tts")


async def test_a_server_that_goes_before_it_is_confirmed(hass: HomeAssistant, server: FakeServer) -> None:
    form = await start(hass, SOURCE_ZEROCONF, announced(server))
    await server.stop()
    result = await enter(hass, form)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "cannot_connect")


async def test_a_found_server_that_wants_a_token(
    hass: HomeAssistant, server: FakeServer, aioclient_mock: AiohttpClientMocker
) -> None:
    server.about["http"] = {"port": 10201}
    aioclient_mock.get(STATUS_URL, status=403)
    form = await enter(hass, await start(hass, SOURCE_ZEROCONF, announced(server)))
    assert form["step_id"] == "token"


async def test_hassio(hass: HomeAssistant, server: FakeServer) -> None:
    form = await start(hass, SOURCE_HASSIO, app(f"tcp://{server.host}:{server.port}"))
    assert form["step_id"] == "confirm"
    result = await enter(hass, form)
    assert (result["title"], result["data"]) == ("CosyVoice", address(server))


async def test_hassio_without_an_address(hass: HomeAssistant) -> None:
    result = await start(hass, SOURCE_HASSIO, app(""))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "cannot_connect")


async def test_found_twice_is_offered_once(hass: HomeAssistant, server: FakeServer) -> None:
    await start(hass, SOURCE_ZEROCONF, announced(server))
    result = await start(hass, SOURCE_HASSIO, app(f"tcp://{server.host}:{server.port}"))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_in_progress")


async def test_reconfigure(hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry) -> None:
    form = await loaded.start_reconfigure_flow(hass)
    assert (form["step_id"], form["errors"]) == ("reconfigure", {})
    form = await enter(hass, form, host=server.host, port=1)
    assert form["errors"] == {"base": "cannot_connect"}
    moved = FakeServer()
    await moved.start()
    result = await enter(hass, form, **address(moved))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert dict(loaded.data) == address(moved)
    assert loaded.state is ConfigEntryState.LOADED
    assert loaded.runtime_data.address.port == moved.port
    await moved.stop()


async def test_reconfigure_an_entry_that_could_not_reach_its_server(
    hass: HomeAssistant, server: FakeServer, entry: MockConfigEntry
) -> None:
    await server.stop()
    await set_up(hass, entry)
    server.port = 0
    await server.start()
    await enter(hass, await entry.start_reconfigure_flow(hass), **address(server))
    assert entry.state is ConfigEntryState.LOADED


async def test_reconfigure_keeps_to_the_same_server(
    hass: HomeAssistant, server: FakeServer, loaded: MockConfigEntry
) -> None:
    other = FakeServer()
    other.about["server_id"] = "another"
    await other.start()
    result = await enter(hass, await loaded.start_reconfigure_flow(hass), **address(other))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "different_server")
    assert dict(loaded.data) == address(server)
    await other.stop()


async def test_reauth(
    hass: HomeAssistant, server: FakeServer, entry: MockConfigEntry, aioclient_mock: AiohttpClientMocker
) -> None:
    server.about["http"] = {"port": 10201}
    aioclient_mock.get(STATUS_URL, status=401)
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    (flow,) = hass.config_entries.flow.async_progress()
    assert (flow["step_id"], flow["context"]["source"]) == ("reauth_confirm", "reauth")
    form = await enter(hass, flow, token="still wrong")
    assert form["errors"] == {"base": "invalid_auth"}
    aioclient_mock.clear_requests()
    aioclient_mock.get(STATUS_URL, json={})
    result = await enter(hass, form, token="right")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    assert entry.data["token"] == "right"
    assert entry.state is ConfigEntryState.LOADED


async def test_profile_form(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    flows = hass.config_entries.subentries
    form = await flows.async_init((loaded.entry_id, "profile"), context={"source": SOURCE_USER})
    assert form["data_schema"] is not None
    selectors = {str(key): value for key, value in form["data_schema"].schema.items()}
    offered = {key: [option["value"] for option in selectors[key].config["options"]] for key in ("voice", "language")}
    assert offered == {"voice": ["mei", "tom", "yuki"], "language": ["auto", "zh", "zh-CN", "en", "ja"]}
    assert selectors["style"].config["options"] == ["happy", "calm"]
    result = await flows.async_configure(
        form["flow_id"], {"name": "Grandma", "language": "zh", "voice": "mei", "speed": 0.7, "style": ""}
    )
    assert (result["title"], result["data"]) == ("Grandma", {"language": "zh", "voice": "mei", "speed": 0.7})


async def test_profile_reconfigure(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    form = await loaded.start_subentry_reconfigure_flow(hass, PROFILE_ID)
    assert form["step_id"] == "reconfigure"
    result = await hass.config_entries.subentries.async_configure(
        form["flow_id"], {"language": "ja", "sentence_silence": 1}
    )
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert dict(loaded.subentries[PROFILE_ID].data) == {"language": "ja", "sentence_silence": 1}
    await hass.async_block_till_done()
    assert hass.data["tts"].get_entity("tts.kitchen_speech").default_language == "ja"


@pytest.mark.parametrize("context", [{"source": SOURCE_USER}, {"source": "reconfigure", "subentry_id": PROFILE_ID}])
async def test_profiles_can_not_be_edited_without_the_server(
    hass: HomeAssistant, server: FakeServer, entry: MockConfigEntry, context: Any
) -> None:
    await server.stop()
    await set_up(hass, entry)
    result = await hass.config_entries.subentries.async_init((entry.entry_id, "profile"), context=context)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "entry_not_loaded")
