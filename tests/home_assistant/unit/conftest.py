"""Fixtures: a fake server on a real socket, and an entry that is set up with it."""

from __future__ import annotations

from collections.abc import AsyncGenerator

# Before `hass` starts: else the plug-in's own folder of test integrations would be the one that is found.
import custom_components  # noqa: F401
import pytest
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from tests.home_assistant.unit.fake_server import SERVER_ID, FakeServer

PROFILE_ID = "profile-1"


@pytest.fixture(autouse=True)
def integrations_enabled(enable_custom_integrations: None, socket_enabled: None) -> None:
    """Our integration is found, and may talk to the fake server on the loopback interface."""


@pytest.fixture(autouse=True)
def no_cache_on_disk(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test begins with an empty folder for audio: the plug-in's configuration folder is shared."""
    monkeypatch.setattr("homeassistant.components.tts.DEFAULT_CACHE_DIR", str(tmp_path))


@pytest.fixture
async def server(socket_enabled: None) -> AsyncGenerator[FakeServer]:
    server = FakeServer()
    await server.start()
    yield server
    await server.stop()


def make_entry(server: FakeServer, **profile: object) -> MockConfigEntry:
    subentry = ConfigSubentryData(
        data={"language": "auto", **profile}, subentry_type="profile", title="Kitchen", unique_id=None
    )
    return MockConfigEntry(
        domain="cosyvoice",
        title="CosyVoice",
        unique_id=SERVER_ID,
        data={CONF_HOST: server.host, CONF_PORT: server.port},
        subentries_data=[{**subentry, "subentry_id": PROFILE_ID}],
    )


@pytest.fixture
def entry(server: FakeServer) -> MockConfigEntry:
    return make_entry(server)


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    # tts needs to know its services' home; the browser's side is not needed
    assert await async_setup_component(hass, "homeassistant", {})
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


@pytest.fixture
async def loaded(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    await set_up(hass, entry)
    return entry


def state_of(hass: HomeAssistant, entity_id: str) -> str:
    state = hass.states.get(entity_id)
    assert state is not None
    return state.state
