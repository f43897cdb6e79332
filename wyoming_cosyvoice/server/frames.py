"""Wyoming frames: bytes to events and back, with a limit on everything.

A frame is a line of JSON (`type`, and perhaps `data`, `data_length`, `payload_length`), then `data_length` bytes of
JSON that are merged into `data`, then `payload_length` bytes. Whatever a stranger sends, reading ends in an event, in
the end of the stream or in a FrameError, and never holds more bytes than the limits say.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from wyoming.event import Event
from wyoming.version import __version__ as protocol_version

from wyoming_cosyvoice.errors import SpeechError

if TYPE_CHECKING:
    from wyoming_cosyvoice.config import Config

# the closing quote is optional: else the escaped quotes of an unfinished string would each scan to the end again
_STRING_OR_BRACKET = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)
_SKIP = 65_536
_ESCAPED_CHARACTER = 12
"""Bytes of the longest way to write a character in JSON: two escaped surrogates."""


class FrameError(SpeechError):
    """What came is not a Wyoming frame; where the next one would begin is not known."""

    code: ClassVar[str] = "bad-frame"


@dataclass(frozen=True, slots=True)
class FrameLimits:
    """The largest frame, in bytes, and how deep its JSON may nest."""

    header: int = 262_144
    data: int = 262_144
    payload: int = 1_048_576
    depth: int = 32

    @classmethod
    def from_config(cls, config: Config) -> FrameLimits:
        """Allow a frame with the longest text in it, however it is escaped."""
        text = config.max_text_length * _ESCAPED_CHARACTER + _SKIP
        return cls(header=text, data=text)


async def read_event(reader: asyncio.StreamReader, limits: FrameLimits) -> Event | None:
    """Return the next event, or None when the stream has ended between two frames.

    `reader` must have been made with ``limit=limits.header``. The payload is read and dropped: none of the events that
    a text-to-speech server gets has one. Raises FrameError.
    """
    line = await _read_line(reader, limits)
    if not line:
        return None
    header = _parse(line, limits, "header")
    kind = header.get("type")
    if not isinstance(kind, str):
        _refuse("the header has no `type`", 'Send {"type": "describe"}, for example')
    data = header.get("data")
    if data is None:
        data = {}
    if not isinstance(data, dict):
        _refuse("`data` is not an object", 'Send {"type": "...", "data": {...}}')
    data_length = _length(header, "data_length", limits.data)
    payload_length = _length(header, "payload_length", limits.payload)
    try:
        if data_length:
            data.update(_parse(await reader.readexactly(data_length), limits, "data"))
        while payload_length:
            payload_length -= len(await reader.readexactly(min(payload_length, _SKIP)))
    except asyncio.IncompleteReadError:
        _refuse("the stream ended in the middle of a frame", "Send as many bytes as the header says")
    return Event(kind, data)


def encode(event: Event) -> bytes:
    """Return the bytes of an event."""
    header: dict[str, Any] = {"type": event.type, "version": protocol_version}
    data = _dump(event.data) if event.data else b""
    if data:
        header["data_length"] = len(data)
    if event.payload:
        header["payload_length"] = len(event.payload)
    return b"".join((_dump(header), b"\n", data, event.payload or b""))


async def _read_line(reader: asyncio.StreamReader, limits: FrameLimits) -> bytes:
    try:
        return await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        if error.partial.strip():
            _refuse("the stream ended in the middle of a header", "End each header with a newline")
        return b""
    except asyncio.LimitOverrunError:
        _refuse(f"the header is longer than {limits.header} bytes", "Send long data after the header, as data_length")


def _parse(raw: bytes, limits: FrameLimits, what: str) -> dict[str, Any]:
    if _too_deep(raw, limits.depth):
        _refuse(f"the {what} nests deeper than {limits.depth}", "Send flat JSON")
    try:
        value = json.loads(raw.decode(), parse_constant=_no_constant)
    except ValueError as error:
        # json's own words quote the position only, never what was sent
        _refuse(f"the {what} is not JSON ({str(error)[:120]})", "Send one JSON object in UTF-8")
    if not isinstance(value, dict):
        _refuse(f"the {what} is not a JSON object", 'Send {"type": "..."}')
    return value


def _too_deep(raw: bytes, depth: int) -> bool:
    """Say whether brackets nest deeper than `depth`; json itself only knows the interpreter's recursion limit."""
    if raw.count(b"[") + raw.count(b"{") <= depth:
        return False
    level = 0
    for match in _STRING_OR_BRACKET.finditer(raw):
        token = match[0]
        if token in {b"[", b"{"}:
            level += 1
            if level > depth:
                return True
        elif token in {b"]", b"}"}:
            level -= 1
    return False


def _length(header: dict[str, Any], name: str, limit: int) -> int:
    value = header.get(name)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        _refuse(f"`{name}` is not a whole number of bytes", "Send a number of 0 or more")
    if value > limit:
        _refuse(f"`{name}` is {str(value)[:20]}, more than {limit}", "Send less in one frame")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _refuse(what: str, hint: str) -> NoReturn:
    raise FrameError(f"This is not a Wyoming frame: {what}", hint)


def _dump(value: object) -> bytes:
    # "replace": an error that quotes half of a surrogate pair must reach the client all the same
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
