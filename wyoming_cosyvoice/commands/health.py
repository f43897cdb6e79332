"""Ask a running server to describe itself: exit status 0 if it does so in time, 1 if not. For containers."""

from __future__ import annotations

import json
import socket
import time
from typing import TYPE_CHECKING, ClassVar

from wyoming_cosyvoice import config
from wyoming_cosyvoice.address import StdioAddress, TcpAddress, UnixAddress, parse_uri
from wyoming_cosyvoice.errors import BadRequestError, SpeechError

if TYPE_CHECKING:
    import argparse

    from wyoming_cosyvoice.address import Address

_UNSPECIFIED = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what a server listens on, nobody can connect to
_LONGEST_ANSWER = 4_000_000


class UnhealthyError(SpeechError):
    """The server does not answer as it should."""

    code: ClassVar[str] = "unhealthy"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the address, which has the same variable as the server's, and the patience."""
    config.add_arguments(parser, only=("uri",))
    parser.add_argument("--timeout", type=float, default=15.0, metavar="SECONDS", help="how long to wait (default 15)")


def run(arguments: argparse.Namespace) -> int:
    """Ask once."""
    address = parse_uri(arguments.uri)
    started = time.monotonic()
    try:
        with _connect(address, arguments.timeout) as connection:
            connection.sendall(b'{"type": "describe"}\n')
            voices = _voices(_read(connection, started + arguments.timeout))
    except OSError as error:
        raise UnhealthyError(f"{address}: {error}", "Look into the server's log") from error
    print(f"{address} has {voices} voices and answered in {(time.monotonic() - started) * 1000:.0f} ms")
    return 0


def _connect(address: Address, timeout: float) -> socket.socket:
    match address:
        case TcpAddress():
            return socket.create_connection((_UNSPECIFIED.get(address.host, address.host), address.port), timeout)
        case UnixAddress():
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(timeout)
            connection.connect(str(address.path))
            return connection
        case StdioAddress():
            raise BadRequestError("A server on standard input can't be asked from outside", "Use a tcp or unix --uri")


def _read(connection: socket.socket, deadline: float) -> bytes:
    """Read the header line and as many bytes as it announces."""
    answer = b""
    wanted = _LONGEST_ANSWER
    while len(answer) < wanted:
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        block = connection.recv(65_536)
        if not block:
            break
        answer += block
        line, newline, _ = answer.partition(b"\n")
        if newline:
            wanted = len(line) + 1 + _header(line)
    return answer


def _header(line: bytes) -> int:
    try:
        header = json.loads(line)
        if header["type"] != "info":
            raise UnhealthyError(f"The answer to describe is {str(header['type'])[:40]!r}", "Is it a Wyoming server?")
        return int(header.get("data_length") or 0)
    except (ValueError, TypeError, KeyError) as error:
        raise UnhealthyError("The answer is not a Wyoming frame", "Is the address right?") from error


def _voices(answer: bytes) -> int:
    line, _, rest = answer.partition(b"\n")
    if len(rest) < _header(line):
        raise UnhealthyError("The answer was cut short", "Look into the server's log")
    try:
        data = json.loads(rest) if rest else json.loads(line)["data"]
        return sum(len(program["voices"]) for program in data["tts"])
    except (ValueError, TypeError, KeyError) as error:
        raise UnhealthyError("The answer has no list of voices", "Is it a text-to-speech server?") from error
