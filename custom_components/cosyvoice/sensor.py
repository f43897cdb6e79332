"""Live numbers of a server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, UnitOfTime
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .coordinator import CosyVoiceConfigEntry, CosyVoiceCoordinator, server_device
from .server_info import ServerStatus

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class CosyVoiceSensorDescription(SensorEntityDescription):
    """A number and where it is found."""

    value: Callable[[ServerStatus], float | None]


SENSORS = (
    CosyVoiceSensorDescription(
        key="real_time_factor",
        suggested_display_precision=2,
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda status: status.real_time_factor,
    ),
    CosyVoiceSensorDescription(
        key="first_audio",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        suggested_display_precision=2,
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda status: status.first_audio_seconds,
    ),
    CosyVoiceSensorDescription(
        key="open_streams",
        suggested_display_precision=0,
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda status: status.open_streams,
    ),
    CosyVoiceSensorDescription(
        key="requests",
        suggested_display_precision=0,
        state_class=SensorStateClass.TOTAL_INCREASING,
        value=lambda status: status.requests,
    ),
    CosyVoiceSensorDescription(
        key="errors",
        suggested_display_precision=0,
        state_class=SensorStateClass.TOTAL_INCREASING,
        value=lambda status: status.errors,
    ),
    CosyVoiceSensorDescription(
        key="cache_hits",
        suggested_display_precision=0,
        state_class=SensorStateClass.TOTAL_INCREASING,
        value=lambda status: status.cache_hits,
    ),
    CosyVoiceSensorDescription(
        key="cache_misses",
        suggested_display_precision=0,
        state_class=SensorStateClass.TOTAL_INCREASING,
        value=lambda status: status.cache_misses,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CosyVoiceConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of a server."""
    async_add_entities(CosyVoiceSensor(entry.runtime_data, description) for description in SENSORS)


class CosyVoiceSensor(CoordinatorEntity[CosyVoiceCoordinator], SensorEntity):
    """One number of a server."""

    entity_description: CosyVoiceSensorDescription
    _attr_has_entity_name = True
    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _attr_entity_registry_enabled_default = False

    def __init__(self, coordinator: CosyVoiceCoordinator, description: CosyVoiceSensorDescription) -> None:
        """Belong to the server's device."""
        super().__init__(coordinator)
        info = coordinator.data
        self.entity_description = description
        self._attr_translation_key = description.key
        self._attr_unique_id = f"{info.server_id}_{description.key}"
        self._attr_device_info = server_device(coordinator.config_entry, info, coordinator.address.host)

    @property
    @override
    def native_value(self) -> float | None:
        """Return the number, None while the server does not tell it."""
        return self.entity_description.value(self.coordinator.data.status)
