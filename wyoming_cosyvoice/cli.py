"""The command line: ``wyoming-cosyvoice [serve] ...``.

Each subcommand is a module of `wyoming_cosyvoice.commands`.

Exit status 0 done, 1 failed with one clear line on stderr, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
from typing import TYPE_CHECKING, NoReturn, Protocol, cast

from wyoming_cosyvoice import __version__
from wyoming_cosyvoice.errors import SpeechError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = ("serve", "say", "read", "voices", "models", "convert", "health", "explain")


class Command(Protocol):
    """What a module of `wyoming_cosyvoice.commands` offers; its docstring's first line is the help."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's flags."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it; return the exit status."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    argv = list(sys.argv[1:] if argv is None else argv)
    if argv[:1] == ["--version"]:
        print(__version__)  # noqa: T201
        return 0
    if not argv or (argv[0].startswith("-") and argv[0] not in {"-h", "--help"}):
        argv.insert(0, "serve")
    name = argv[0]
    parser = _overview()
    if name not in COMMANDS:
        parser.parse_args(argv)  # prints help, or says which commands there are, and exits
        return 2
    # imported late: `--help` and `health` must not wait for numpy and ONNX Runtime
    command = cast("Command", importlib.import_module(f"wyoming_cosyvoice.commands.{name}"))
    subparser = _Parser(prog=f"wyoming-cosyvoice {name}", description=command.__doc__)
    command.add_arguments(subparser)
    try:
        return command.run(subparser.parse_args(argv[1:]))
    except SpeechError as error:
        logging.getLogger(__name__).debug("failed", exc_info=True)
        print(f"wyoming-cosyvoice {name}: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        return 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say in one line what was wrong: the usage of a command with thirty flags would bury it."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _overview() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="wyoming-cosyvoice",
        description="Text to speech over the Wyoming protocol.",
        epilog="Each command has its own --help. Without a command it serves.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument("command", choices=COMMANDS)
    return parser
