"""How a server is found, added, moved, and trusted again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, override
from urllib.parse import urlsplit

import voluptuous as vol
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryData,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_HOST, CONF_LANGUAGE, CONF_NAME, CONF_PORT, CONF_TOKEN
from homeassistant.core import callback
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from homeassistant.helpers.service_info.hassio import HassioServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo

from .client import async_describe
from .const import DEFAULT_PORT, DOMAIN, LANGUAGE_AUTO, SUBENTRY_PROFILE
from .coordinator import Address, async_fetch_info
from .errors import CosyVoiceError, InvalidTokenError
from .forms import profile_data, profile_schema
from .server_info import ServerInfo

TITLE = "CosyVoice"
PORT_SELECTOR = vol.All(
    NumberSelector(NumberSelectorConfig(min=1, max=65535, step=1, mode=NumberSelectorMode.BOX)), vol.Coerce(int)
)
ADDRESS_SCHEMA = vol.Schema(
    {vol.Required(CONF_HOST): TextSelector(), vol.Required(CONF_PORT, default=DEFAULT_PORT): PORT_SELECTOR}
)
TOKEN_SCHEMA = vol.Schema({vol.Required(CONF_TOKEN): TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD))})


class CosyVoiceConfigFlow(ConfigFlow, domain=DOMAIN):
    """One server becomes one entry; its own id keeps it from being added twice, whatever its address."""

    VERSION = 1

    def __init__(self) -> None:
        """Begin without an address."""
        self._address = Address("", DEFAULT_PORT)
        self._name = TITLE

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(cls, config_entry: ConfigEntry) -> dict[str, type[ConfigSubentryFlow]]:
        """Voice profiles can be added to a server."""
        return {SUBENTRY_PROFILE: ProfileFlow}

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask where the server is."""
        return await self._async_step_address("user", user_input, ADDRESS_SCHEMA)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask where the server is now."""
        entry = self._get_reconfigure_entry()
        schema = self.add_suggested_values_to_schema(ADDRESS_SCHEMA, entry.data)
        return await self._async_step_address("reconfigure", user_input, schema, entry.data.get(CONF_TOKEN))

    @override
    async def async_step_zeroconf(self, discovery_info: ZeroconfServiceInfo) -> ConfigFlowResult:
        """Look at a server that announced itself in the network."""
        name = discovery_info.name.removesuffix(f".{discovery_info.type}")
        return await self._async_discovered(Address(discovery_info.host, discovery_info.port or DEFAULT_PORT), name)

    @override
    async def async_step_hassio(self, discovery_info: HassioServiceInfo) -> ConfigFlowResult:
        """Look at the server of the app."""
        uri = urlsplit(str(discovery_info.config.get("uri", "")))
        if not uri.hostname:
            return self.async_abort(reason="cannot_connect")
        return await self._async_discovered(Address(uri.hostname, uri.port or DEFAULT_PORT), discovery_info.name)

    async def async_step_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask whether to add the server that was found."""
        if user_input is None:
            self._set_confirm_only()
            return self.async_show_form(step_id="confirm", description_placeholders=self._placeholders)
        try:
            return await self._async_finish(self._address)
        except InvalidTokenError:
            return await self.async_step_token()
        except CosyVoiceError as error:
            return self.async_abort(reason=error.key)

    async def async_step_token(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the token that the server wants."""
        return await self._async_step_with_token("token", self._address, user_input)

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Begin anew where the server does not take the token any more."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the new token."""
        entry = self._get_reauth_entry()
        address = Address(entry.data[CONF_HOST], entry.data[CONF_PORT])
        return await self._async_step_with_token("reauth_confirm", address, user_input)

    @property
    def _placeholders(self) -> dict[str, str]:
        return {"name": self._name, "host": self._address.host, "port": str(self._address.port)}

    async def _async_step_address(
        self, step_id: str, user_input: dict[str, Any] | None, schema: vol.Schema, token: str | None = None
    ) -> ConfigFlowResult:
        """Show the form of an address, and try what was entered."""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._address = Address(user_input[CONF_HOST].strip(), user_input[CONF_PORT], token)
            try:
                return await self._async_finish(self._address)
            except InvalidTokenError:
                return await self.async_step_token()
            except CosyVoiceError as error:
                errors["base"] = error.key
            schema = self.add_suggested_values_to_schema(schema, user_input)
        return self.async_show_form(step_id=step_id, data_schema=schema, errors=errors)

    async def _async_step_with_token(
        self, step_id: str, address: Address, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Show the form of a token, and try what was entered."""
        errors: dict[str, str] = {}
        self._address = address
        if user_input is not None:
            try:
                return await self._async_finish(Address(address.host, address.port, user_input[CONF_TOKEN]))
            except CosyVoiceError as error:
                errors["base"] = error.key
        return self.async_show_form(
            step_id=step_id, data_schema=TOKEN_SCHEMA, errors=errors, description_placeholders=self._placeholders
        )

    async def _async_discovered(self, address: Address, name: str) -> ConfigFlowResult:
        """Offer a server that was found, unless it is known already: then note where it is now."""
        self._address, self._name = address, name
        self.context["title_placeholders"] = {"name": name}
        try:
            info = await async_describe(address.host, address.port)
        except CosyVoiceError as error:
            return self.async_abort(reason=error.key)
        await self._async_refuse_duplicate(info, address)
        return await self.async_step_confirm()

    async def _async_finish(self, address: Address) -> ConfigFlowResult:
        """Create or update the entry.

        Raises what `async_fetch_info` raises.
        """
        info = await async_fetch_info(self.hass, address)
        data = {CONF_HOST: address.host, CONF_PORT: address.port}
        if address.token:
            data[CONF_TOKEN] = address.token
        if self.source == SOURCE_RECONFIGURE:
            return await self._async_update(self._get_reconfigure_entry(), info, data)
        if self.source == SOURCE_REAUTH:
            return await self._async_update(self._get_reauth_entry(), info, data)
        await self._async_refuse_duplicate(info, address)
        profile = ConfigSubentryData(
            data={CONF_LANGUAGE: LANGUAGE_AUTO}, subentry_type=SUBENTRY_PROFILE, title=TITLE, unique_id=None
        )
        return self.async_create_entry(title=self._name, data=data, subentries=[profile])

    async def _async_update(self, entry: ConfigEntry, info: ServerInfo, data: dict[str, Any]) -> ConfigFlowResult:
        """Write the entry anew, if it is still the same server."""
        await self.async_set_unique_id(info.server_id)
        self._abort_if_unique_id_mismatch(reason="different_server")
        if entry.update_listeners:
            return self.async_update_and_abort(entry, data=data)
        # a server that could not be reached so far has not got as far as to listen to updates of its entry
        return self.async_update_reload_and_abort(entry, data=data)

    async def _async_refuse_duplicate(self, info: ServerInfo, address: Address) -> None:
        """Abort where the server is known. When it was found, and not typed in, its entry follows it to the address.

        The entry listens to its own updates, so it reloads by itself.
        """
        await self.async_set_unique_id(info.server_id)
        found = {CONF_HOST: address.host, CONF_PORT: address.port}
        self._abort_if_unique_id_configured(
            updates=None if self.source == SOURCE_USER else found, reload_on_update=False
        )


class ProfileFlow(ConfigSubentryFlow):
    """A voice profile: each becomes a text-to-speech entity."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a new profile."""
        if (info := self._info()) is None:
            return self.async_abort(reason="entry_not_loaded")
        if user_input is not None:
            return self.async_create_entry(title=user_input[CONF_NAME], data=profile_data(user_input))
        return self.async_show_form(step_id="user", data_schema=profile_schema(info, with_name=True))

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Change a profile."""
        if (info := self._info()) is None:
            return self.async_abort(reason="entry_not_loaded")
        subentry = self._get_reconfigure_subentry()
        if user_input is not None:
            return self.async_update_and_abort(self._get_entry(), subentry, data=profile_data(user_input))
        schema = self.add_suggested_values_to_schema(profile_schema(info, with_name=False), subentry.data)
        return self.async_show_form(step_id="reconfigure", data_schema=schema)

    def _info(self) -> ServerInfo | None:
        """Return what the server tells, None where it can't be asked."""
        entry = self._get_entry()
        if entry.state is not ConfigEntryState.LOADED:
            return None
        info: ServerInfo = entry.runtime_data.data
        return info
