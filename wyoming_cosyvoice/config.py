"""One frozen configuration: command-line flags, environment variables and add-on options come from the same fields."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ENVIRONMENT_PREFIX = "WYOMING_COSYVOICE_"


def _option(
    default: Any,
    help_text: str,
    *,
    kind: Any = str,
    nargs: str | None = None,
    const: Any = None,
    choices: Sequence[str] | None = None,
    metavar: str | None = None,
) -> Any:
    """Describe a field once, for argparse and for the environment."""
    metadata = {"help": help_text, "kind": kind, "nargs": nargs, "const": const, "choices": choices, "metavar": metavar}
    return field(default=default, metadata=metadata)


def _default_data_dir() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "wyoming-cosyvoice"


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that can be set. The flag is the field's name with hyphens, the variable WYOMING_COSYVOICE_<NAME>."""

    uri: str = _option("tcp://0.0.0.0:10200", "where to listen: tcp://HOST:PORT, unix://PATH or stdio://")
    data_dir: Path = _option(_default_data_dir(), "folder for models, cache and dictionaries", kind=Path, metavar="DIR")
    model: str = _option("auto", "which model speaks: auto, starter, tone, an installed bundle's name, or a folder")
    voice: str | None = _option(None, "default voice (see `wyoming-cosyvoice voices`)")
    language: str | None = _option(None, "default language where a request names none (default: found in the text)")
    speed: float = _option(1.0, "speaking rate, 0.5 to 2.0", kind=float)
    volume: float = _option(1.0, "loudness factor, 0.0 to 4.0", kind=float)
    sentence_silence: float = _option(0.2, "seconds of silence between sentences", kind=float, metavar="SECONDS")
    mixed: str = _option("same-voice", "who speaks words of another language", choices=("same-voice", "best-voice"))
    threads: int = _option(0, "threads of the engine (0: the processors this process may use, at most 4)", kind=int)
    samples_per_chunk: int = _option(1024, "samples in one audio chunk", kind=int)
    no_streaming: bool = _option(False, "do not advertise streaming of text", kind=bool)
    max_text_length: int = _option(20_000, "longest text of one request, in characters", kind=int)
    max_queue: int = _option(32, "requests that may wait or run at once; more are refused as busy", kind=int)
    max_connections: int = _option(256, "open connections; more are closed at once", kind=int)
    clause_timeout: float = _option(60.0, "seconds that one clause may take", kind=float)
    idle_timeout: float = _option(300.0, "seconds after which a silent connection is closed", kind=float)
    write_timeout: float = _option(30.0, "seconds after which a client that does not read is dropped", kind=float)
    cache_memory: int = _option(64, "megabytes of spoken clauses kept in memory (0: none)", kind=int, metavar="MB")
    cache_disk: int = _option(
        0, "megabytes of spoken clauses kept in the data folder (0: none)", kind=int, metavar="MB"
    )
    zeroconf: str | None = _option(None, "announce by zeroconf, as NAME", nargs="?", const="cosyvoice", metavar="NAME")
    debug: bool = _option(False, "log every event", kind=bool)
    log_format: str = _option("%(levelname)s:%(name)s:%(message)s", "format of log lines", metavar="FORMAT")


def add_arguments(parser: argparse.ArgumentParser, environment: Mapping[str, str] | None = None) -> None:
    """Add a flag for each field of `Config`; the default is the environment's value, else the field's."""
    environment = os.environ if environment is None else environment
    for item in fields(Config):
        meta = item.metadata
        flag = "--" + item.name.replace("_", "-")
        variable = ENVIRONMENT_PREFIX + item.name.upper()
        default = environment.get(variable, item.default)
        help_text = f"{meta['help']} [{variable}]".replace("%", "%%")
        if meta["kind"] is bool:
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=_to_bool(default), help=help_text)
        else:
            # argparse runs `type` on a default that is a string, so the environment gets the same checks as the flags
            parser.add_argument(
                flag,
                type=meta["kind"],
                default=default,
                nargs=meta["nargs"],
                const=meta["const"],
                choices=meta["choices"],
                metavar=meta["metavar"],
                help=help_text,
            )


def from_arguments(arguments: argparse.Namespace) -> Config:
    """Collect parsed flags into a `Config`."""
    return Config(**{item.name: getattr(arguments, item.name) for item in fields(Config)})


def _to_bool(value: object) -> bool:
    return value if isinstance(value, bool) else str(value).strip().lower() in {"1", "true", "yes", "on"}
