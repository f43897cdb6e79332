"""From a clean clause to spans: language by language, with given readings, as words."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wyoming_cosyvoice.text.clause import Span
from wyoming_cosyvoice.text.language import Context, find_spans
from wyoming_cosyvoice.text.lexicon import Lexicon, Match
from wyoming_cosyvoice.text.normalize import normalize, say_as
from wyoming_cosyvoice.text.scripts import ATOM
from wyoming_cosyvoice.text.split import Splitter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wyoming_cosyvoice.text.clause import Language
    from wyoming_cosyvoice.text.markup import Atom

# the number behind a name: iPhone 15, CO₂
_NAME_NUMBER = re.compile(r"\s?[0-9₀-₉]{1,32}(?:\.[0-9]+)*(?![0-9,:/-])")
_NUMBER_FOLLOWS = re.compile(r"\s+[0-9]")
# three digits and more that touch a name are read one by one: ABC123, RTX4090
_MODEL_NUMBER = re.compile(r"[0-9]{3,32}")
# 第 2 行 is 第二行; 周一 3 点 keeps its space, for both sides are numbers
_NUMERALS = "一二三四五六七八九十百千万"
_SPACE_AT_NUMBER = re.compile(
    rf"(?<=[\u3041-\u30ff\u4e00-\u9fff])(?<![{_NUMERALS}]) +(?=[0-9])|(?<=[0-9]) +(?=[\u4e00-\u9fff])(?![{_NUMERALS}])"
)
_WITHOUT_SPACES = frozenset({"zh", "yue", "ja"})
_SPELT = frozenset({"characters", "spell-out", "digits"})
_ALPHABET_LANGUAGES: dict[str, Language] = {"pinyin": "zh", "jyutping": "yue", "kana": "ja"}


@dataclass(frozen=True, slots=True)
class _Special:
    """A place in the text that is not read as it stands: a dictionary entry or a piece of markup."""

    start: int
    end: int
    meaning: Match | Atom


@dataclass(frozen=True, slots=True)
class SpanFinder:
    """Finds the spans of clauses. `forced` and `default` are languages as `find_spans` takes them."""

    forced: Language | None
    default: Language
    lexicon: Lexicon

    def find(self, text: str, atoms: Sequence[Atom], context: Context) -> tuple[list[Span], Language, Context]:
        """Return the spans of a clause, the language of its sentence and the context of the next clause.

        Each `ATOM` in the text stands for one of `atoms`, in their order.
        """
        parts, sentence, after = find_spans(text, self.forced, self.default, context)
        spans: list[Span] = []
        position = 0
        for special in self._specials(text, atoms, parts, sentence):
            spans += self._plain(parts, position, special.start)
            spans += self._special(special, text, sentence)
            position = special.end
        spans += self._plain(parts, position, len(text))
        return _tidy(spans), sentence, after

    def _specials(
        self, text: str, atoms: Sequence[Atom], parts: Sequence[tuple[Language, str]], sentence: Language
    ) -> list[_Special]:
        allowed = [(language, sentence) for language, part in parts for _ in part]
        specials = [
            _Special(match.start, match.end, match)
            for match in self.lexicon.find(text, allowed)
            if match.entry.say is not None or match.entry.phonemes is not None
        ]
        places = [index for index, char in enumerate(text) if char == ATOM]
        specials += [_Special(place, place + 1, atom) for place, atom in zip(places, atoms, strict=True)]
        return sorted(specials, key=lambda special: special.start)

    def _special(self, special: _Special, text: str, sentence: Language) -> list[Span]:
        meaning = special.meaning
        if isinstance(meaning, Match):
            entry = meaning.entry
            written = text[special.start : special.end]
            if entry.say is not None:
                return self._instead(entry.say, written, entry.language)
            return [Span(entry.language, written, normalize(written, entry.language), entry.phonemes)]
        if meaning.alias is not None:
            return self._instead(meaning.alias, meaning.text, self.forced or sentence)
        language = self._language(meaning.text, sentence)
        if meaning.phonemes is not None:
            language = _ALPHABET_LANGUAGES.get(meaning.phonemes.alphabet, language)
            return [Span(language, meaning.text, normalize(meaning.text, language), meaning.phonemes)]
        kind, form = (meaning.say_as.kind, meaning.say_as.format) if meaning.say_as else ("", "")
        if kind in _SPELT:
            language = sentence
        return [Span(language, meaning.text, say_as(meaning.text, kind, language, form))]

    def _instead(self, spoken: str, written: str, language: Language) -> list[Span]:
        """Say other words than those written. They are not looked up, as they might name themselves."""
        spans, _, _ = SpanFinder(language, self.default, Lexicon()).find(spoken, (), Context())
        return _with_text(spans, written) or [Span(language, written, "")]

    def _plain(self, parts: Sequence[tuple[Language, str]], start: int, end: int) -> list[Span]:
        """Return the spans of the text from `start` to `end`."""
        return [part for span in _spoken(parts, start, end) for part in self._look_again(span)]

    def _look_again(self, span: Span) -> list[Span]:
        """Look words up that only came with the numbers: 3只 is 三只."""
        spoken = span.spoken
        if spoken == span.text:
            return [span]
        parts: list[Span] = []
        position = 0
        for match in self.lexicon.find(spoken, [(span.language,)] * len(spoken)):
            if match.entry.phonemes is not None:
                parts.append(Span(span.language, "", spoken[position : match.start]))
                parts.append(Span(span.language, "", spoken[match.start : match.end], match.entry.phonemes))
                position = match.end
        parts.append(Span(span.language, "", spoken[position:]))
        return _with_text([part for part in parts if part.spoken], span.text) or [span]

    def _language(self, text: str, sentence: Language) -> Language:
        return find_spans(text, self.forced, sentence, Context())[1]


def fit(spans: Sequence[Span], maximum: int) -> Iterator[tuple[Span, ...]]:
    """Share spans out so that no share is spoken with more than `maximum` characters.

    A number of twelve digits may need more words than its clause had characters.
    """
    share: list[Span] = []
    length = 0
    for part in (part for span in spans for part in _parts(span, maximum)):
        if share and length + len(part.spoken) > maximum:
            yield tuple(share)
            share, length = [], 0
        share.append(part)
        length += len(part.spoken) + 1
    if share:
        yield tuple(share)


def _parts(span: Span, maximum: int) -> Iterator[Span]:
    if len(span.spoken) <= maximum or span.phonemes is not None:
        yield span
        return
    splitter = Splitter(first=maximum, maximum=maximum // 2)
    for index, piece in enumerate(splitter.feed(span.spoken) + splitter.finish()):
        yield Span(span.language, "" if index else span.text, piece.text)


def _with_text(spans: Sequence[Span], text: str) -> list[Span]:
    """Let the first of these spans stand for the text."""
    return [replace(span, text="" if index else text) for index, span in enumerate(spans)]


def _spoken(parts: Sequence[tuple[Language, str]], start: int, end: int) -> Iterator[Span]:
    """Give the spans of the text from `start` to `end`."""
    position = 0
    before = ""
    for language, part in parts:
        first, last = max(start, position), min(end, position + len(part))
        if first < last:
            written = part[first - position : last - position]
            name = before if first == position else ""
            yield Span(language, written, _words(written, language, name))
        position += len(part)
        before = part


def _words(text: str, language: Language, name: str) -> str:
    """Return a text as words; `name` is the English before it, whose number it may begin with."""
    spoken = ""
    number = _NAME_NUMBER.match(text) if name else None
    if number and name[-1:].isalpha() and _MODEL_NUMBER.fullmatch(number[0]):
        spoken, text = say_as(number[0], "digits", language), text[number.end() :]
    elif number and _NUMBER_FOLLOWS.match(text, number.end()):
        spoken, text = normalize(number[0], language) + " ", text[number.end() :]  # CO2 600 ppm is not 2600
    kept = number.end() if number and not spoken else 0
    if language in _WITHOUT_SPACES:
        text = text[:kept] + _SPACE_AT_NUMBER.sub("", text[kept:])
    return spoken + normalize(text, language)


def _tidy(spans: Sequence[Span]) -> list[Span]:
    """Let no span be empty: what is not spoken goes to the text of its neighbour."""
    tidy: list[Span] = []
    waiting = ""
    for span in spans:
        if span.spoken.strip() or span.phonemes is not None:
            tidy.append(replace(span, text=waiting + span.text, spoken=span.spoken.strip()))
            waiting = ""
        elif tidy:
            tidy[-1] = replace(tidy[-1], text=tidy[-1].text + span.text)
        else:
            waiting += span.text
    return tidy
