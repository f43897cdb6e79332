"""Plain text as people and language models send it, with stray HTML: tags go, their structure becomes line ends."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from wyoming_cosyvoice.text.scripts import words
from wyoming_cosyvoice.text.tags import Tag, TagReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LOGGER = logging.getLogger(__name__)

_BLOCKS = words(
    """p br hr div ul ol li dl dt dd h1 h2 h3 h4 h5 h6 table thead tbody tr blockquote pre section article header footer
    details summary figure figcaption main nav aside form html body head title"""
)
_CELLS = words("td th")
_INLINE = words(
    """a abbr b bdi bdo big caption center cite code col colgroup data del dfn em font i img input ins kbd label link
    mark meta q s samp small span strike strong sub sup svg time tt u var video audio source iframe button wbr"""
)
_DROPPED = words("script style think")  # nobody reads aloud what a model thinks to itself
_STANDS_FOR = {**dict.fromkeys(_BLOCKS, "\n"), **dict.fromkeys(_CELLS, " | "), **dict.fromkeys(_INLINE, "")}


class PlainReader:
    """Reads plain text: known HTML tags vanish, everything else is text."""

    def __init__(self) -> None:
        self._tags = TagReader()
        self._last = ""
        self._dropping = ""

    def feed(self, text: str) -> Iterator[str]:
        """Take the next piece."""
        return self._read(self._tags.feed(text))

    def finish(self) -> Iterator[str]:
        """Give what was held back."""
        return self._read(self._tags.finish())

    def _read(self, items: Iterable[str | Tag]) -> Iterator[str]:
        for item in items:
            text = item if isinstance(item, str) else self._replace(item)
            if self._dropping and isinstance(item, str):
                _LOGGER.debug("dropped the content of <%s>: %r", self._dropping, item)
                continue
            if text:
                self._last = text[-1]
                yield text

    def _replace(self, tag: Tag) -> str:
        """Return the text that stands for a tag."""
        if self._dropping:
            if tag.name == self._dropping and tag.kind == "close":
                self._dropping = ""
            return ""
        if self._last == "`":
            return tag.source  # someone writes about tags: use `<br>`
        if tag.name in _DROPPED:
            self._dropping = tag.name if tag.kind == "open" else ""
            return ""
        return tag.attributes.get("alt", "") if tag.name == "img" else _STANDS_FOR.get(tag.name, tag.source)
