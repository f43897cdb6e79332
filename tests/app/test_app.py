"""The Home Assistant app: its options are the server's flags, and its scripts start the server with them."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from wyoming_cosyvoice import __version__
from wyoming_cosyvoice.config import Config
from wyoming_cosyvoice.text.clause import LANGUAGES

ROOT = Path(__file__).parents[2]
APP = ROOT / "app"
SERVICES = APP / "rootfs" / "etc" / "s6-overlay" / "s6-rc.d"
FLAGS = {field.name: field for field in fields(Config)}
# What the app itself decides, and what only makes sense on a command line.
NOT_OPTIONS = {
    "uri", "http", "data_dir", "download_dir", "zeroconf", "log_format", "http_cors", "http_rate_limit",
    "samples_per_chunk", "max_audio", "lookahead", "max_connections", "idle_timeout", "write_timeout",
    "drain_timeout",
}  # fmt: skip
# What Supervisor knows, of what we use: https://developers.home-assistant.io/docs/apps/configuration
KNOWN_KEYS = {
    "name", "version", "slug", "description", "url", "image", "arch", "homeassistant", "init", "startup", "timeout",
    "discovery", "ingress", "ingress_port", "panel_icon", "panel_title", "ports", "map", "backup_exclude", "options",
    "schema",
}  # fmt: skip


def load(path: str) -> Any:
    return yaml.safe_load((APP / path).read_text(encoding="utf-8"))


CONFIG = load("config.yaml")
SCHEMA: dict[str, str] = CONFIG["schema"]


def kind(field: Field[Any]) -> str:
    """The type that an option must have in the app's schema for a flag."""
    meta = field.metadata
    if field.name == "language":
        return f"list({'|'.join(LANGUAGES)})"
    if field.name == "http_token":
        return "password"
    if meta["choices"]:
        return f"list({'|'.join(meta['choices'])})"
    name = {bool: "bool", int: "int", float: "float"}.get(meta["kind"], "str")
    return f"{name}({meta['low']},{meta['high']})" if name in {"int", "float"} else name


def test_every_flag_is_an_option_or_left_out_on_purpose() -> None:
    assert set(SCHEMA) - {"integration"} == set(FLAGS) - NOT_OPTIONS
    assert set(FLAGS) >= NOT_OPTIONS


@pytest.mark.parametrize("name", sorted(set(SCHEMA) - {"integration"}))
def test_options_take_what_flags_take(name: str) -> None:
    assert SCHEMA[name].removesuffix("?") == kind(FLAGS[name])


def test_defaults_are_the_servers() -> None:
    for name, value in CONFIG["options"].items():
        assert name in SCHEMA
        # an app restarts with every update, and a phrase that was said should stay said
        if name not in {"integration", "cache_disk"}:
            assert value == FLAGS[name].default, name
    unset = {name for name, value in SCHEMA.items() if value.endswith("?")}
    assert unset == set(SCHEMA) - set(CONFIG["options"]), "an option is optional, or it has a value"


def test_what_supervisor_must_know() -> None:
    assert set(CONFIG) == KNOWN_KEYS
    assert CONFIG["version"] == __version__
    assert set(CONFIG["arch"]) == {"amd64", "aarch64"}
    assert re.fullmatch(r"[a-z0-9_]+", CONFIG["slug"])
    assert set(CONFIG["discovery"]) == {"cosyvoice", "wyoming"}
    assert SCHEMA["integration"] == "list(cosyvoice|wyoming)"
    assert CONFIG["init"] is False, "s6 is the first process"
    assert {"name", "url", "maintainer"} == set(yaml.safe_load((ROOT / "repository.yaml").read_text()))


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_every_option_and_port_is_explained(language: str) -> None:
    texts = load(f"translations/{language}.yaml")
    assert set(texts["configuration"]) == set(SCHEMA)
    for text in texts["configuration"].values():
        assert text["name"].strip()
        assert text["description"].strip()
    assert set(texts["network"]) == set(CONFIG["ports"])


def test_files_that_supervisor_shows() -> None:
    for name in ("README.md", "DOCS.md", "CHANGELOG.md", "apparmor.txt"):
        assert (APP / name).read_text(encoding="utf-8").strip()
    assert f"## {__version__}" in (APP / "CHANGELOG.md").read_text(encoding="utf-8")
    sizes = {}
    for name in ("icon", "logo"):
        data = (APP / f"{name}.png").read_bytes()
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        sizes[name] = tuple(int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    assert sizes == {"icon": (128, 128), "logo": (250, 100)}


def test_services_are_wired() -> None:
    for service in ("cosyvoice", "discovery"):
        assert (SERVICES / "user" / "contents.d" / service).exists()
        assert (SERVICES / service / "run").stat().st_mode & stat.S_IXUSR
    assert (SERVICES / "cosyvoice" / "type").read_text() == "longrun\n"
    assert (SERVICES / "discovery" / "type").read_text() == "oneshot\n"
    up = (SERVICES / "discovery" / "up").read_text().strip()
    assert (APP / "rootfs" / up.lstrip("/")).exists()
    assert (SERVICES / "discovery" / "dependencies.d" / "cosyvoice").exists()


def run_serve(folder: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Run the app's start script with a server that only tells what it was given."""
    (folder / "options.json").write_text(json.dumps(options), encoding="utf-8")
    python = folder / "python"
    python.symlink_to(sys.executable)
    server = folder / "wyoming-cosyvoice"
    server.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        "told = {k: v for k, v in os.environ.items() if k.startswith('WYOMING_COSYVOICE_')}\n"
        "print(json.dumps({'flags': sys.argv[1:], 'environment': told}))\n"
    )
    server.chmod(0o755)
    done = subprocess.run(
        [python, APP / "rootfs" / "usr" / "lib" / "cosyvoice" / "serve"],
        env={"PATH": os.environ["PATH"], "OPTIONS_FILE": str(folder / "options.json")},
        capture_output=True,
        check=True,
        text=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_the_start_script_passes_the_options(tmp_path: Path) -> None:
    options = {**CONFIG["options"], "voice": "", "language": None, "http_token": "a b'$(date)\"\n;c", "debug": True}
    told = run_serve(tmp_path, options)
    assert told["flags"] == [
        "serve", "--uri", "tcp://0.0.0.0:10200", "--http", "0.0.0.0:10201", "--data-dir", "/data"
    ]  # fmt: skip
    prefix = "WYOMING_COSYVOICE_"
    assert told["environment"] == {
        f"{prefix}MODEL": "auto",
        f"{prefix}SPEED": "1.0",
        f"{prefix}VOLUME": "1.0",
        f"{prefix}SENTENCE_SILENCE": "0.2",
        f"{prefix}MIXED": "same-voice",
        f"{prefix}THREADS": "0",
        f"{prefix}CACHE_MEMORY": "24",
        f"{prefix}CACHE_DISK": "256",
        f"{prefix}HTTP_TOKEN": "a b'$(date)\"\n;c",
        f"{prefix}DEBUG": "true",
    }


def test_the_server_takes_what_the_start_script_passes(tmp_path: Path) -> None:
    told = run_serve(tmp_path, CONFIG["options"])
    # as far as the wrong flag, which is told apart only after every variable was read
    done = subprocess.run(
        [sys.executable, "-m", "wyoming_cosyvoice", "serve", "--no-such-flag"],
        env={**os.environ, **told["environment"]},
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 2
    assert "--no-such-flag" in done.stderr
    assert "environment variable" not in done.stderr


def test_the_discovery_tells_home_assistant(tmp_path: Path) -> None:
    """With stubs of what the base image has: bashio, and the server's health command."""
    script = (SERVICES / "discovery" / "run").read_text(encoding="utf-8")
    body = script.split("\n", 1)[1].replace("/opt/cosyvoice/bin/wyoming-cosyvoice", str(tmp_path / "health"))
    tries = tmp_path / "tries"
    (tmp_path / "health").write_text(f'#!/bin/sh\necho "$@" >> {tries}\n[ "$(wc -l < {tries})" -ge 2 ]\n')
    (tmp_path / "health").chmod(0o755)
    stubs = """
    bashio::config() { echo wyoming; }
    bashio::var.json() { printf '{"%s": "%s"}' "$1" "$2"; }
    bashio::discovery() { echo "$1 $2" > "$TOLD"; }
    bashio::log.info() { echo "$*"; }
    bashio::log.error() { echo "$*" >&2; return 1; }
    sleep() { :; }
    hostname() { echo abc-cosyvoice; }
    """
    told = tmp_path / "told"
    subprocess.run(
        ["/bin/bash", "-euc", stubs + body], env={**os.environ, "TOLD": str(told)}, check=True, capture_output=True
    )
    assert told.read_text() == 'wyoming {"uri": "tcp://abc-cosyvoice:10200"}\n'
    assert len(tries.read_text().splitlines()) == 2, "it waits until the server answers"
