"""What Home Assistant's own checks would find in the files, and what they would not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from custom_components.cosyvoice import const, errors
from custom_components.cosyvoice.const import DOMAIN
from custom_components.cosyvoice.profile import NUMBER_RANGES, SAMPLE_RATE_RANGE
from homeassistant.components.brands.const import ALLOWED_IMAGES
from wyoming_cosyvoice.speech import limits

FOLDER = Path(__file__).parents[3] / "custom_components" / DOMAIN
LANGUAGES = ["en", "ja", "ko", "zh-Hans", "zh-Hant"]
# The rules of Home Assistant's Integration Quality Scale, by tier.
RULES = {
    "bronze": """action-setup appropriate-polling brands common-modules config-flow config-flow-test-coverage
        dependency-transparency docs-actions docs-conditions docs-high-level-description
        docs-installation-instructions docs-removal-instructions docs-triggers entity-event-setup entity-unique-id
        has-entity-name runtime-data test-before-configure test-before-setup unique-config-entry""",
    "silver": """action-exceptions config-entry-unloading docs-configuration-parameters
        docs-installation-parameters entity-unavailable integration-owner log-when-unavailable parallel-updates
        reauthentication-flow test-coverage""",
    "gold": """devices diagnostics discovery discovery-update-info docs-data-update docs-examples
        docs-known-limitations docs-supported-devices docs-supported-functions docs-troubleshooting docs-use-cases
        dynamic-devices entity-category entity-device-class entity-disabled-by-default entity-translations
        exception-translations icon-translations reconfiguration-flow repair-issues stale-devices""",
    "platinum": "async-dependency inject-websession strict-typing",
}


def load(name: str) -> Any:
    text = (FOLDER / name).read_text(encoding="utf-8")
    return json.loads(text) if name.endswith(".json") else yaml.safe_load(text)


def flat(tree: dict[str, Any], prefix: str = "") -> dict[str, str]:
    result: dict[str, str] = {}
    for key, value in tree.items():
        result |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return result


ENGLISH = flat(load("translations/en.json"))


def test_manifest() -> None:
    manifest = load("manifest.json")
    keys = list(manifest)
    assert keys == ["domain", "name", *sorted(keys[2:])]
    package = (FOLDER.parents[1] / "wyoming_cosyvoice" / "__init__.py").read_text(encoding="utf-8")
    assert f'__version__ = "{manifest["version"]}"' in package, "one release, one version"


def test_the_ranges_are_the_servers() -> None:
    assert limits.SPEED == const.SPEED_RANGE
    assert limits.VOLUME == const.VOLUME_RANGE
    assert limits.SENTENCE_SILENCE == const.SENTENCE_SILENCE_RANGE
    assert limits.STYLE_CHARACTERS == const.STYLE_MAX_LENGTH
    assert limits.SAMPLE_RATE == SAMPLE_RATE_RANGE
    for action in load("services.yaml").values():
        for field, ends in NUMBER_RANGES.items():
            number = action["fields"][field]["selector"]["number"]
            assert (number["min"], number["max"]) == ends


def test_every_language_is_there() -> None:
    assert sorted(path.stem for path in (FOLDER / "translations").iterdir()) == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_are_complete(language: str) -> None:
    texts = flat(load(f"translations/{language}.json"))
    assert list(texts) == list(ENGLISH)
    for key, text in texts.items():
        assert text.strip(), key
        assert "[%" not in text, "references are for Home Assistant's own integrations"
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", ENGLISH[key])), key
        if language != "en" and key.split(".")[-1] != "flow_title":
            assert text != ENGLISH[key], f"{key} was not translated"


def test_every_field_is_described() -> None:
    for key in ENGLISH:
        if ".data." in key:
            assert key.replace(".data.", ".data_description.") in ENGLISH


def test_every_error_has_a_text() -> None:
    for error in errors.CosyVoiceError.__subclasses__():
        assert f"exceptions.{error.key}.message" in ENGLISH
    raised = {
        key for path in FOLDER.glob("*.py")
        for key in re.findall(r'(?:translation_key=|_invalid\(|reason=)\s*"(\w+)"', path.read_text(encoding="utf-8"))
    }  # fmt: skip
    texts = {part for key in ENGLISH for part in key.split(".")}
    assert raised <= texts


def test_actions_have_texts_and_icons() -> None:
    actions = load("services.yaml")
    icons = load("icons.json")
    assert set(icons["services"]) == set(actions)
    for action, content in actions.items():
        for field in content["fields"]:
            for part in ("name", "description"):
                assert f"services.{action}.fields.{field}.{part}" in ENGLISH


def test_entities_have_names_and_icons() -> None:
    icons = flat(load("icons.json")["entity"])
    named = {tuple(key.split(".")[1:3]) for key in ENGLISH if key.startswith("entity.")}
    assert named == {tuple(key.split(".")[:2]) for key in icons}


def test_quality_scale_has_every_rule() -> None:
    rules = load("quality_scale.yaml")["rules"]
    expected = [rule for tier in RULES.values() for rule in tier.split()]
    assert len(expected) == 54
    assert list(rules) == expected
    for rule, status in rules.items():
        if status != "done":
            assert status["status"] in {"done", "exempt"}, rule
            assert status["comment"].strip(), rule


def test_brand_images() -> None:
    images = {path.name: path.read_bytes() for path in (FOLDER / "brand").iterdir()}
    assert set(images) <= set(ALLOWED_IMAGES)
    for name, data in images.items():
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        width, height = (int.from_bytes(data[at : at + 4]) for at in (16, 20))
        scale = 2 if "@2x" in name else 1
        if "icon" in name:
            assert (width, height) == (256 * scale, 256 * scale)
        else:
            assert height == 128 * scale


def test_hacs() -> None:
    hacs = json.loads((FOLDER.parents[1] / "hacs.json").read_text())
    assert set(hacs) <= {"name", "homeassistant", "filename", "zip_release", "content_in_root", "hide_default_branch"}
    assert hacs["filename"].endswith(".zip")
