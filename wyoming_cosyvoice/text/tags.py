"""Reads tags and entities out of a text that arrives in pieces; what is no well-formed tag stays text.

The XML parser of the standard library stops at the first mistake, and a stream that is half spoken cannot be begun
again as plain text. So this reader is forgiving: it knows no entity but the fixed ones of HTML, expands nothing,
ignores document types, and holds back at most `_LONGEST` characters to see whether a `<` begins a tag.
"""

from __future__ import annotations

import html
import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOGGER = logging.getLogger(__name__)

_LONGEST = 4096
_LONGEST_ENTITY = 32
_BEGIN = re.compile("[<&]")
_NAME = re.compile(r"<(/?)([A-Za-z][\w:.-]*)")
# the lookbehind keeps it linear: without it each letter of a long word would be tried as a beginning
_ATTRIBUTE = re.compile(r"""(?<![\w:.-])([A-Za-z][\w:.-]*+)\s*+=\s*+(?:"([^"]*)"|'([^']*)'|([^\s"'<>=]++))""")
# outside of quotes a tag has none of these; "a<b, then" ends the guess at once
_NEVER_IN_TAG = frozenset(",;!?(){}，。！？；：、")


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag: `<name ...>`, `</name>` or `<name .../>`. Names are in lower case; `source` is how it was written."""

    name: str
    kind: Literal["open", "close", "empty"]
    source: str
    attributes: dict[str, str] = field(default_factory=dict)


class TagReader:
    """Takes a text piece by piece, gives strings and tags in their order."""

    def __init__(self) -> None:
        self._tail: list[str] = []
        self._quote = ""
        self._brackets = 0

    def feed(self, text: str) -> Iterator[str | Tag]:
        """Take the next piece."""
        position = 0
        while position < len(text):
            if not self._tail:
                found = _BEGIN.search(text, position)
                end = found.start() if found else len(text)
                if end > position:
                    yield text[position:end]
                if found is None:
                    return
                self._tail = [text[end]]
                position = end + 1
                continue
            done, used = self._hold(text[position])
            position += used
            if done is not None and done != "":
                yield done

    def finish(self) -> Iterator[str]:
        """Give what was held back."""
        if self._tail:
            yield self._release()

    def _release(self) -> str:
        text = "".join(self._tail)
        self._tail, self._quote, self._brackets = [], "", 0
        return text

    def _hold(self, char: str) -> tuple[str | Tag | None, bool]:
        """Take one character of a possible tag: what came of it, and whether the character was used up."""
        if self._tail[0] == "&":
            return self._hold_entity(char)
        tail = self._tail
        begins = len(tail) > 1 or char in "/!?" or (char.isascii() and char.isalpha())
        if not begins or len(tail) >= _LONGEST:
            return self._release(), False
        if (tail[1] if len(tail) > 1 else char) in "!?":
            return self._hold_declaration(char)
        if self._quote:
            tail.append(char)
            if char == self._quote:
                self._quote = ""
            return None, True
        if char == "<" or char in _NEVER_IN_TAG:
            return self._release(), False
        if char in "\"'":
            self._quote = char
        tail.append(char)
        return (self._finish_tag(), True) if char == ">" else (None, True)

    def _hold_entity(self, char: str) -> tuple[str | None, bool]:
        if char == ";":
            return html.unescape(self._release() + ";"), True
        if ((char.isascii() and char.isalnum()) or char == "#") and len(self._tail) < _LONGEST_ENTITY:
            self._tail.append(char)
            return None, True
        return self._release(), False

    def _hold_declaration(self, char: str) -> tuple[str | None, bool]:
        """Take a character of a comment, a document type, a processing instruction or a CDATA section."""
        tail = self._tail
        tail.append(char)
        begin = "".join(tail[:9])
        end = "".join(tail[-3:])
        if begin.startswith("<!--"):
            return (self._drop(), True) if end == "-->" and len(tail) > 6 else (None, True)
        if begin == "<![CDATA[":
            return (self._release()[9:-3], True) if end == "]]>" else (None, True)
        if begin.startswith("<?"):
            return (self._drop(), True) if end.endswith("?>") else (None, True)
        self._brackets += (char == "[") - (char == "]")
        is_over = char == ">" and self._brackets <= 0 and not "<![CDATA[".startswith(begin)
        return (self._drop(), True) if is_over else (None, True)

    def _drop(self) -> str:
        _LOGGER.debug("dropped %r", self._release())
        return ""

    def _finish_tag(self) -> str | Tag:
        source = self._release()
        name = _NAME.match(source)
        if name is None:
            return source
        _LOGGER.debug("took %r for a tag", source)
        kind: Literal["open", "close", "empty"] = "open"
        if name[1]:
            kind = "close"
        elif source.endswith("/>"):
            kind = "empty"
        attributes = {
            found[1].lower(): html.unescape(found[2] or found[3] or found[4] or "")
            for found in _ATTRIBUTE.finditer(source, name.end())
        }
        return Tag(name[2].lower(), kind, source, attributes)
