"""Nothing to ask."""

from __future__ import annotations

from typing import Any

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult


class TestHouseFlow(ConfigFlow, domain="e2e"):
    """Adds the household."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Create it at once."""
        return self.async_create_entry(title="Test house", data={})
