"""The part of SSML 1.1 that a voice can follow (https://www.w3.org/TR/speech-synthesis11/).

speak p s break say-as sub phoneme prosody voice lang emphasis; of an element that is unknown, the text is read.
"""

from __future__ import annotations

import logging
import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wyoming_cosyvoice.errors import UnsupportedLanguageError
from wyoming_cosyvoice.text.clause import Phonemes
from wyoming_cosyvoice.text.language import base_language
from wyoming_cosyvoice.text.markup import Atom, Cut, LanguageChange, SayAs, Style
from wyoming_cosyvoice.text.tags import Tag, TagReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wyoming_cosyvoice.text.clause import Language
    from wyoming_cosyvoice.text.markup import Event

_LOGGER = logging.getLogger(__name__)

_DEEPEST = 64
_LONGEST_PAUSE = 10.0
_SLOWEST, _FASTEST = 0.5, 2.0
_LOUDEST = 4.0
_SENTENCES = frozenset({"p", "s", "speak", "paragraph", "sentence"})
_CAPTURED = frozenset({"say-as", "sub", "phoneme"})
_ALPHABETS = {"": "ipa", "ipa": "ipa", "pinyin": "pinyin", "jyutping": "jyutping", "kana": "kana"}
_KINDS = {"verbatim": "characters", "phone": "telephone"}
_STRENGTHS = {"none": 0.0, "x-weak": 0.1, "weak": 0.25, "medium": 0.5, "strong": 0.8, "x-strong": 1.2}
_RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.35, "x-fast": 1.75}
_VOLUMES = {"silent": 0.0, "x-soft": 0.3, "soft": 0.6, "medium": 1.0, "default": 1.0, "loud": 1.5, "x-loud": 2.2}
_NUMBER = re.compile(r"([+-]?)(\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})\s*(%|db|ms|s)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Frame:
    """An open element and what holds inside of it."""

    name: str
    style: Style
    language: Language | None


class SsmlReader:
    """Reads SSML; mistakes in it are read over, never an error."""

    def __init__(self) -> None:
        self._tags = TagReader()
        self._frames = [_Frame("", Style(), None)]
        self._too_deep = 0
        self._captured: Tag | None = None
        self._capture: list[str] = []

    def feed(self, text: str) -> Iterator[Event]:
        """Take the next piece."""
        yield from self._read(self._tags.feed(text))

    def finish(self) -> Iterator[Event]:
        """Give what was held back."""
        yield from self._read(self._tags.finish())
        yield from self._end_capture()

    def _read(self, items: Iterable[str | Tag]) -> Iterator[Event]:
        for item in items:
            if isinstance(item, Tag):
                yield from self._tag(item)
            else:
                text = item.replace("\n", " ").replace("\r", " ")  # in XML a line end is but a space
                if self._captured is None:
                    yield text
                else:
                    self._capture.append(text)

    def _tag(self, tag: Tag) -> Iterator[Event]:
        if self._captured is not None:
            if tag.kind == "close" and tag.name == self._captured.name:
                yield from self._end_capture()
            return
        if tag.kind == "close":
            yield from self._close(tag.name)
        elif tag.name == "break":
            yield from self._break(tag)
        elif tag.kind == "open" and tag.name in _CAPTURED:
            self._captured = tag
        else:
            yield from self._open(tag)
            if tag.kind == "empty":
                yield from self._close(tag.name)

    def _open(self, tag: Tag) -> Iterator[Event]:
        if len(self._frames) >= _DEEPEST:
            self._too_deep += 1
            _LOGGER.debug("ignored <%s>: nested deeper than %d", tag.name, _DEEPEST)
            return
        before = self._frames[-1]
        frame = _Frame(tag.name, _style(tag, before.style), _language(tag) or before.language)
        self._frames.append(frame)
        yield from _change(tag.name, before, frame)

    def _close(self, name: str) -> Iterator[Event]:
        if self._too_deep:
            self._too_deep -= 1
            return
        if not any(frame.name == name for frame in self._frames[1:]):
            return
        while True:
            frame = self._frames.pop()
            yield from _change(frame.name, frame, self._frames[-1])
            if frame.name == name:
                return

    def _break(self, tag: Tag) -> Iterator[Event]:
        seconds = _seconds(tag.attributes.get("time", ""))
        if seconds is None:
            seconds = _STRENGTHS.get(tag.attributes.get("strength", "medium").strip().lower(), _STRENGTHS["medium"])
        if seconds > 0:
            yield Cut(ends_sentence=False, pause=min(seconds, _LONGEST_PAUSE))

    def _end_capture(self) -> Iterator[Event]:
        tag, text = self._captured, " ".join("".join(self._capture).split())
        self._captured, self._capture = None, []
        if tag is not None:
            yield _atom(tag, text)


def _change(name: str, before: _Frame, after: _Frame) -> Iterator[Event]:
    """Say what changes between two frames at the tag `name`."""
    if name in _SENTENCES:
        yield Cut(ends_sentence=True)
    if before.style != after.style:
        yield after.style
    if before.language != after.language:
        yield LanguageChange(after.language)


def _atom(tag: Tag, text: str) -> Atom | str:
    get = tag.attributes.get
    if tag.name == "sub" and get("alias"):
        return Atom(text, alias=get("alias"))
    if tag.name == "say-as" and get("interpret-as"):
        kind = get("interpret-as", "").strip().lower()
        return Atom(text, say_as=SayAs(_KINDS.get(kind, kind), get("format", "").strip()))
    if tag.name == "phoneme" and get("ph"):
        alphabet = _ALPHABETS.get(get("alphabet", "").strip().lower().removeprefix("x-"))
        if alphabet is not None:
            return Atom(text, phonemes=Phonemes(alphabet, get("ph", "")))  # type: ignore[arg-type]  # a known one
        _LOGGER.debug("ignored a phoneme of the unknown alphabet %r", get("alphabet"))
    return text


def _language(tag: Tag) -> Language | None:
    code = tag.attributes.get("xml:lang") or (tag.attributes.get("language") if tag.name == "voice" else None)
    if not code:
        return None
    try:
        return base_language(code)
    except UnsupportedLanguageError as error:
        _LOGGER.debug("ignored: %s", error)
        return None


def _style(tag: Tag, style: Style) -> Style:
    get = tag.attributes.get
    if tag.name == "voice" and get("name"):
        return replace(style, voice=get("name"))
    if tag.name == "prosody":
        speed = style.speed * _factor(get("rate", ""), _RATES)
        volume = style.volume * _factor(get("volume", ""), _VOLUMES, whole=100)
        return replace(style, speed=min(max(speed, _SLOWEST), _FASTEST), volume=min(volume, _LOUDEST))
    return style


def _factor(text: str, names: dict[str, float], whole: float = 1) -> float:
    """Read `slow`, `80%`, `+20%`, `+6dB` or `1.2` (a number of `whole`); what can't be read changes nothing."""
    text = text.strip().lower()
    if text in names:
        return names[text]
    found = _NUMBER.fullmatch(text)
    if found is None:
        return 1.0
    sign, number, unit = found[1], float(found[2]), found[3]
    signed = -number if sign == "-" else number
    if unit == "db":
        return math.pow(10, min(max(signed, -60), 20) / 20)
    if unit == "%":
        return max(1 + signed / 100, 0.0) if sign else number / 100
    return number / whole if not sign and not unit else 1.0


def _seconds(text: str) -> float | None:
    found = _NUMBER.fullmatch(text.strip())
    if found is None or (found[3] or "").lower() not in {"ms", "s"} or found[1] == "-":
        return None
    return float(found[2]) / (1000 if found[3].lower() == "ms" else 1)
