"""Keeps what a server tells about itself fresh."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST, CONF_PORT, CONF_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryAuthFailed
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .client import async_describe
from .const import DOMAIN, MANUFACTURER
from .errors import CosyVoiceError, InvalidTokenError, ServerTooOldError
from .http_api import async_fetch_status
from .issues import async_update_issues, async_update_server_too_old
from .server_info import ServerInfo

_LOGGER = logging.getLogger(__name__)
UPDATE_INTERVAL = timedelta(seconds=30)

type CosyVoiceConfigEntry = ConfigEntry[CosyVoiceCoordinator]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is, and the token for its HTTP side if it asks for one."""

    host: str
    port: int
    token: str | None = None


async def async_fetch_info(hass: HomeAssistant, address: Address) -> ServerInfo:
    """Ask a server over Wyoming and, where it has an HTTP side, over that too.

    Raises what `async_describe` raises, and InvalidTokenError.
    """
    info = await async_describe(address.host, address.port)
    if (url := info.http_url(address.host)) is None:
        return info
    status = await async_fetch_status(async_get_clientsession(hass), url, address.token)
    return info if status is None else replace(info, status=status)


class CosyVoiceCoordinator(DataUpdateCoordinator[ServerInfo]):
    """Asks the server every half minute, and after every failure to speak."""

    config_entry: CosyVoiceConfigEntry

    def __init__(self, hass: HomeAssistant, entry: CosyVoiceConfigEntry) -> None:
        """Take the address from the entry."""
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            name=entry.title,
            update_interval=UPDATE_INTERVAL,
            always_update=False,
        )
        self.address = Address(entry.data[CONF_HOST], entry.data[CONF_PORT], entry.data.get(CONF_TOKEN))
        self._device: dr.DeviceInfo | None = None

    @override
    async def _async_update_data(self) -> ServerInfo:
        """Ask once; the next interval asks again."""
        placeholders = {"host": self.address.host, "port": str(self.address.port)}
        try:
            info = await async_fetch_info(self.hass, self.address)
        except InvalidTokenError as error:
            raise ConfigEntryAuthFailed(translation_domain=DOMAIN, translation_key=error.key) from error
        except CosyVoiceError as error:
            async_update_server_too_old(self.hass, self.config_entry, isinstance(error, ServerTooOldError))
            raise UpdateFailed(
                translation_domain=DOMAIN, translation_key=error.key, translation_placeholders=placeholders
            ) from error
        async_update_server_too_old(self.hass, self.config_entry, too_old=False)
        if info.server_id != self.config_entry.unique_id:
            raise UpdateFailed(
                translation_domain=DOMAIN, translation_key="different_server", translation_placeholders=placeholders
            )
        self._async_update_device(info)
        async_update_issues(self.hass, self.config_entry, info)
        return info

    def _async_update_device(self, info: ServerInfo) -> None:
        """Register the server, and again when it was upgraded or moved under a running Home Assistant."""
        device = server_device(self.config_entry, info, self.address.host)
        if device != self._device:
            dr.async_get(self.hass).async_get_or_create(config_entry_id=self.config_entry.entry_id, **device)
            self._device = device


def server_device(entry: CosyVoiceConfigEntry, info: ServerInfo, host: str) -> dr.DeviceInfo:
    """Return how the server shows among the devices."""
    return dr.DeviceInfo(
        identifiers={(DOMAIN, info.server_id)},
        entry_type=dr.DeviceEntryType.SERVICE,
        manufacturer=MANUFACTURER,
        model="Wyoming CosyVoice",
        name=entry.title,
        sw_version=info.version,
        configuration_url=info.http_url(host),
    )
