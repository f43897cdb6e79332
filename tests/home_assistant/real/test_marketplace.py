"""What Home Assistant's Marketplace reads of this repository, by its own rules."""

from __future__ import annotations

import json
from typing import Any

import pytest
from homeassistant.components.marketplace.utils.validate import (
    INTEGRATION_MANIFEST_VALUES,
    REPOSITORY_MANIFEST_VALUES,
)
from tests.home_assistant.real.server import ROOT


@pytest.mark.parametrize(
    ("path", "rules"),
    [
        ("hacs.json", REPOSITORY_MANIFEST_VALUES),
        ("custom_components/cosyvoice/manifest.json", INTEGRATION_MANIFEST_VALUES),
    ],
)
def test_values_are_of_the_right_kind(path: str, rules: dict[str, Any]) -> None:
    values = json.loads((ROOT / path).read_text(encoding="utf-8"))
    read = set(values) & set(rules)
    assert read, "a file of which nothing is read is of no use"
    for key in read:
        rules[key](values[key])


def test_one_integration_and_the_app_beside_it() -> None:
    integrations = [path.parent.name for path in (ROOT / "custom_components").glob("*/manifest.json")]
    assert integrations == ["cosyvoice"]
    # Supervisor takes every folder with such a file for an app
    apps = [path for path in ROOT.rglob("config.yaml") if ".venv" not in str(path) and "node_modules" not in str(path)]
    assert apps == [ROOT / "app" / "config.yaml"]
