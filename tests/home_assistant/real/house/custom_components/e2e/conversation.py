"""An assistant that answers with what it was told to, a few words at a time, as a language model does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Literal

from homeassistant.components.conversation import (
    AssistantContentDeltaDict,
    ChatLog,
    ConversationEntity,
    ConversationInput,
    ConversationResult,
    async_get_result_from_chat_log,
)
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback


async def async_setup_entry(
    hass: HomeAssistant, entry: ConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the assistant."""
    async_add_entities([Parrot()])


class Parrot(ConversationEntity):
    """Says again what it hears."""

    _attr_name = "Parrot"
    _attr_unique_id = "parrot"
    _attr_supports_streaming = True

    @property
    def supported_languages(self) -> list[str] | Literal["*"]:
        """All of them."""
        return "*"

    async def _async_handle_message(self, user_input: ConversationInput, chat_log: ChatLog) -> ConversationResult:
        async def words() -> AsyncGenerator[AssistantContentDeltaDict, Any]:
            yield {"role": "assistant"}
            for word in user_input.text.split(" "):
                yield {"content": f"{word} "}
                await asyncio.sleep(0.04)

        async for _ in chat_log.async_add_delta_content_stream(self.entity_id, words()):
            pass
        return async_get_result_from_chat_log(user_input, chat_log)
