"""One frozen configuration: command-line flags, environment variables and add-on options come from the same fields."""

from __future__ import annotations

import argparse
import functools
import logging
import math
import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wyoming_cosyvoice.address import parse_host_port, parse_uri
from wyoming_cosyvoice.errors import BadRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ENVIRONMENT_PREFIX = "WYOMING_COSYVOICE_"
HTTP_ADDRESS = "0.0.0.0:10201"
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def _uri(text: str) -> str:
    parse_uri(text)
    return text


def _log_format(text: str) -> str:
    try:
        logging.Formatter(text)
    except ValueError as error:
        raise BadRequestError(
            f"{text!r} is not a format of log lines ({error})", "Use for example %(message)s"
        ) from None
    return text


def _host_port(text: str) -> str:
    parse_host_port(text)
    return text


def _option(
    default: Any,
    help_text: str,
    *,
    kind: Any = str,
    nargs: str | None = None,
    const: Any = None,
    choices: Sequence[str] | None = None,
    metavar: str | None = None,
    low: float = -math.inf,
    high: float = math.inf,
) -> Any:
    """Describe a field once, for argparse and for the environment. A number lies between `low` and `high`."""
    metadata = {
        "help": help_text,
        "kind": kind,
        "nargs": nargs,
        "const": const,
        "choices": choices,
        "metavar": metavar,
        "low": low,
        "high": high,
    }
    return field(default=default, metadata=metadata)


def _default_data_dir() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "wyoming-cosyvoice"


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that can be set. The flag is the field's name with hyphens, the variable WYOMING_COSYVOICE_<NAME>."""

    uri: str = _option(
        "tcp://0.0.0.0:10200", "where to listen: tcp://HOST:PORT, unix://PATH or stdio://", kind=_uri, metavar="URI"
    )
    http: str | None = _option(
        None,
        f"serve HTTP too, on HOST:PORT ({HTTP_ADDRESS} if none is given; default: no HTTP)",
        kind=_host_port,
        nargs="?",
        const=HTTP_ADDRESS,
        metavar="HOST:PORT",
    )
    data_dir: Path = _option(_default_data_dir(), "folder for models, cache and dictionaries", kind=Path, metavar="DIR")
    download_dir: Path | None = _option(
        None, "folder to install models into (default: `models` in the data folder)", kind=Path, metavar="DIR"
    )
    model: str = _option("auto", "which model speaks: auto, starter, tone, an installed bundle's name, or a folder")
    voice: str | None = _option(None, "default voice (see `wyoming-cosyvoice voices`)")
    speaker: str | None = _option(None, "default speaker of the default voice, where voices have speakers")
    language: str | None = _option(None, "default language where a request names none (default: found in the text)")
    speed: float = _option(1.0, "speaking rate, 0.5 to 2.0", kind=float, low=0.5, high=2.0)
    volume: float = _option(1.0, "loudness factor, 0.0 to 4.0", kind=float, low=0.0, high=4.0)
    sentence_silence: float = _option(
        0.2, "seconds of silence between sentences, 0 to 10", kind=float, metavar="SECONDS", low=0.0, high=10.0
    )
    clause_silence: float = _option(
        0.1,
        "seconds of silence between clauses inside a sentence, 0 to 10 (never more than between sentences)",
        kind=float,
        metavar="SECONDS",
        low=0.0,
        high=10.0,
    )
    mixed: str = _option("same-voice", "who speaks words of another language", choices=("same-voice", "best-voice"))
    threads: int = _option(
        0, "threads of the engine (0: the processors this process may use, at most 4)", kind=int, low=0, high=256
    )
    quality: str = _option(
        "balanced", "how finely CosyVoice draws its mels: time against fidelity", choices=("high", "balanced", "fast")
    )
    vocoder: str = _option(
        "auto", "what makes CosyVoice's sound out of its mels", choices=("auto", "hift", "griffin_lim")
    )
    samples_per_chunk: int = _option(1024, "samples in one audio chunk", kind=int, low=64, high=65_536)
    no_streaming: bool = _option(False, "do not advertise streaming of text", kind=bool)
    max_text_length: int = _option(
        20_000, "longest text of one request, in characters", kind=int, low=1, high=1_000_000
    )
    max_queue: int = _option(
        32, "requests that may wait or run at once; more are refused as busy", kind=int, low=1, high=10_000
    )
    max_audio: float = _option(
        3600.0, "seconds of audio that one request may make", kind=float, metavar="SECONDS", low=1.0, high=86_400.0
    )
    lookahead: int = _option(
        4, "clauses of one request that may be made or wait ahead of its reader", kind=int, low=1, high=64
    )
    max_connections: int = _option(256, "open connections; more are closed at once", kind=int, low=1, high=100_000)
    clause_timeout: float = _option(60.0, "seconds that one clause may take", kind=float, low=0.1, high=3600.0)
    idle_timeout: float = _option(
        300.0, "seconds after which a silent connection is closed", kind=float, low=0.1, high=86_400.0
    )
    write_timeout: float = _option(
        30.0, "seconds after which a client that does not read is dropped", kind=float, low=0.1, high=3600.0
    )
    drain_timeout: float = _option(
        8.0, "seconds that running requests get to finish when the server is stopped", kind=float, low=0.0, high=3600.0
    )
    cache_memory: int = _option(
        24, "megabytes of spoken clauses kept in memory (0: none)", kind=int, metavar="MB", low=0, high=1_000_000
    )
    cache_disk: int = _option(
        0,
        "megabytes of spoken clauses kept in the data folder (0: none)",
        kind=int,
        metavar="MB",
        low=0,
        high=1_000_000,
    )
    http_token: str | None = _option(None, "bearer token that HTTP clients must send (default: none)", metavar="TOKEN")
    http_cors: str | None = _option(
        None, "origins whose pages may use the HTTP server, with commas between (default: none)", metavar="ORIGINS"
    )
    http_rate_limit: int = _option(
        600,
        "HTTP requests a minute from one address (0: no limit)",
        kind=int,
        metavar="REQUESTS",
        low=0,
        high=1_000_000,
    )
    zeroconf: str | None = _option(None, "announce by zeroconf, as NAME", nargs="?", const="cosyvoice", metavar="NAME")
    debug: bool = _option(False, "log every event", kind=bool)
    log_format: str = _option(
        "%(levelname)s:%(name)s:%(message)s", "format of log lines", kind=_log_format, metavar="FORMAT"
    )

    @property
    def models_dir(self) -> Path:
        """Where models are installed."""
        return self.download_dir or self.data_dir / "models"


def add_arguments(
    parser: argparse.ArgumentParser, environment: Mapping[str, str] | None = None, *, only: Sequence[str] = ()
) -> None:
    """Add a flag for each field of `Config` (or of those named); the default is the environment's value, else its own.

    A value of the environment that a flag would not take ends the program as wrong usage, naming the variable.
    """
    environment = os.environ if environment is None else environment
    for item in fields(Config):
        if only and item.name not in only:
            continue
        meta = item.metadata
        flag = "--" + item.name.replace("_", "-")
        variable = ENVIRONMENT_PREFIX + item.name.upper()
        default = item.default
        if variable in environment:
            try:
                default = _from_environment(environment[variable], item.default, meta)
            except (argparse.ArgumentTypeError, ValueError) as error:
                parser.error(f"environment variable {variable}: {error}")
        help_text = f"{meta['help']} [{variable}]".replace("%", "%%")
        if meta["kind"] is bool:
            # --no-streaming, as wyoming-piper has it, needs no --no-no-streaming
            action = "store_true" if item.name.startswith("no_") else argparse.BooleanOptionalAction
            parser.add_argument(flag, action=action, default=default, help=help_text)
        else:
            parser.add_argument(
                flag,
                type=functools.partial(_convert, meta=meta),
                default=default,
                nargs=meta["nargs"],
                const=meta["const"],
                choices=meta["choices"],
                metavar=meta["metavar"] or (None if meta["choices"] else item.name.rpartition("_")[2].upper()),
                help=help_text,
            )


def from_arguments(arguments: argparse.Namespace) -> Config:
    """Collect parsed flags into a `Config`; fields without a flag keep their defaults."""
    given = vars(arguments)
    return Config(**{item.name: given[item.name] for item in fields(Config) if item.name in given})


def _from_environment(text: str, default: Any, meta: Mapping[str, Any]) -> Any:
    if meta["kind"] is bool:
        if text.strip().lower() not in _TRUE | _FALSE:
            raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
        return text.strip().lower() in _TRUE
    if text == "" and default is None:
        return None  # compose files and add-ons pass an unset option as an empty variable
    value = _convert(text, meta)
    if meta["choices"] and value not in meta["choices"]:
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(meta['choices'])}")
    return value


def _convert(text: str, meta: Mapping[str, Any]) -> Any:
    try:
        value = meta["kind"](text)
    except BadRequestError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    except ValueError:
        kind = "a whole number" if meta["kind"] is int else "a number"
        raise argparse.ArgumentTypeError(f"{text!r} is not {kind}") from None
    if isinstance(value, int | float) and not meta["low"] <= value <= meta["high"]:
        raise argparse.ArgumentTypeError(f"{text} is not between {meta['low']} and {meta['high']}")
    return value
