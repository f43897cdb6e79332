"""Where to listen or to connect: ``tcp://HOST:PORT``, ``unix://PATH``, ``stdio://``, and ``HOST:PORT`` for HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from wyoming_cosyvoice.errors import BadRequestError

_EXAMPLES = "Use tcp://0.0.0.0:10200, tcp://[::]:10200, unix:///run/cosyvoice.sock or stdio://"


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A host name or an IPv4 or IPv6 address (without brackets), and a port; port 0 means any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"tcp://{self.bracketed_host}:{self.port}"

    @property
    def bracketed_host(self) -> str:
        """The host as a URL wants it."""
        return f"[{self.host}]" if ":" in self.host else self.host


@dataclass(frozen=True, slots=True)
class UnixAddress:
    """A socket in the file system."""

    path: Path

    def __str__(self) -> str:
        return f"unix://{self.path}"


@dataclass(frozen=True, slots=True)
class StdioAddress:
    """Standard input and output: one client, who started us."""

    def __str__(self) -> str:
        return "stdio://"


Address = TcpAddress | UnixAddress | StdioAddress


def parse_uri(uri: str) -> Address:
    """Read a Wyoming address.

    Raises BadRequestError, which shows what it should look like.
    """
    scheme, separator, rest = uri.partition("://")
    if separator and scheme == "stdio" and rest in {"", "/"}:
        return StdioAddress()
    if separator and scheme == "unix" and rest:
        return UnixAddress(Path(rest))
    if separator and scheme == "tcp":
        return _tcp(uri)
    raise BadRequestError(f"{uri!r} is not an address to listen on", _EXAMPLES)


def parse_host_port(text: str) -> TcpAddress:
    """Read ``HOST:PORT``, ``[IPV6]:PORT`` or ``:PORT`` (every interface).

    Raises BadRequestError, which shows what it should look like.
    """
    if "://" in text:
        raise BadRequestError(f"{text!r} is not HOST:PORT", "Use for example 0.0.0.0:10201 or [::]:10201")
    return _tcp(f"tcp://0.0.0.0{text}" if text.startswith(":") else f"tcp://{text}")


def _tcp(uri: str) -> TcpAddress:
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadRequestError(f"{uri!r} is not an address ({error})", _EXAMPLES) from None
    if not host or port is None or parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username:
        raise BadRequestError(f"{uri!r} needs a host and a port and nothing else", _EXAMPLES)
    return TcpAddress(host, port)
