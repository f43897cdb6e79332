"""English words to the symbols that Kokoro was trained on (American)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from wyoming_cosyvoice.engines.kokoro import english_words as words
from wyoming_cosyvoice.engines.kokoro.english_guess import Guess
from wyoming_cosyvoice.engines.kokoro.english_lexicon import Lexicon
from wyoming_cosyvoice.engines.kokoro.punctuation import marks

_TOKEN = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)*'?(?:-[A-Za-z]+(?:'[A-Za-z]+)*)*|\d|[^A-Za-z\d]+")
_CAMEL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SIGNS = {
    "&": " and ",
    "+": " plus ",
    "%": " percent ",
    "@": " at ",
    "=": " equals ",
    "#": " number ",
    "°": " degrees ",
}
_PRIMARY, _SECONDARY = "ˈ", "ˌ"


@dataclass(frozen=True, slots=True)
class _Context:
    """What a word's reading may depend on: its neighbours, whether a vowel or a pause follows, and shouting."""

    before: str = ""
    after: str = ""
    vowel_follows: bool | None = None
    shouted: bool = False


class English:
    """Reads English text; any string gives some phonemes, none raises."""

    def __init__(self) -> None:
        self._lexicon = Lexicon()
        self._guess = Guess()

    def phonemes(self, text: str) -> str:
        """Return the phonemes of a text, words apart by spaces, marks kept."""
        tokens = _TOKEN.findall(_plain(text))
        spoken = [token for token in tokens if token[0].isalpha()]
        shouted = len(spoken) > 1 and all(token.isupper() for token in spoken)
        result: list[str] = []
        following, vowel_follows = "", None
        # backwards, because "the" and "to" depend on the sound that follows them
        for index in range(len(tokens) - 1, -1, -1):
            token = tokens[index]
            if token.isdigit():
                token = _DIGITS[int(token)]
            elif not token[0].isalpha():
                mark = marks(token)
                result.append(mark)
                vowel_follows = None if mark.strip() else vowel_follows
                continue
            before = next((other for other in reversed(tokens[:index]) if other[0].isalpha()), "").lower()
            reading = self._word(token, _Context(before, following, vowel_follows, shouted))
            result.append(reading if index + 1 < len(tokens) and not tokens[index + 1][0].isalnum() else reading + " ")
            following = token.lower()
            vowel_follows = reading.lstrip(_PRIMARY + _SECONDARY)[:1] in words.VOWEL_SOUNDS
        return "".join(reversed(result))

    def letters(self, text: str) -> str:
        """Spell letters: all weakly stressed but the last."""
        names = [(self._lexicon.find(char.upper()) or {"": ""})[""].replace(_PRIMARY, _SECONDARY) for char in text]
        if text.upper().endswith("W") and len(names) > 1:
            names[-1] = names[-1].replace(_SECONDARY, _PRIMARY, 1)  # "double-u" is stressed in its first half
            return "".join(names)
        head, mark, tail = "".join(names).rpartition(_SECONDARY)
        return head + _PRIMARY + tail if mark else tail

    def _word(self, word: str, context: _Context) -> str:
        return (
            _function_word(word, context)
            or self._listed(word, context)
            or (self._hyphenated(word, context) if "-" in word else None)
            or self._capitals(word, context)
            or self._camel(word, context)
            or self._inflected(word, context)
            or self._compound(word.lower(), context)
            or self._unknown(word)
        )

    def _listed(self, word: str, context: _Context) -> str | None:
        """Look a word up among the names and in the dictionary; None for what is to be spelt or isn't there."""
        key = word.lower().replace("-", "")
        spelt = word.isupper() and len(word) > 1 and not context.shouted and word not in words.ACRONYMS_AS_WORDS
        if key in words.NAMES and not spelt:
            return words.NAMES[key]
        if spelt and word in words.SPELT_IN_CAPITALS:
            return None
        if len(word) == 1:
            return (self._lexicon.find(word.upper()) or {}).get("")
        plural_of_letters = re.fullmatch(r"[A-Z]{2,}'?s", word) is not None  # LEDs are not the word "leds"
        return self._in_dictionary(word, context, exactly=plural_of_letters or (spelt and len(word) < 4))

    def _in_dictionary(self, word: str, context: _Context, *, exactly: bool) -> str | None:
        """Look a word up as written, in lower case, capitalised: in that order."""
        if found := self._lexicon.find(word):
            return _choose(found, context)
        if exactly:
            return None
        for spelling in (word.lower(), word.capitalize()):
            if found := self._lexicon.find(spelling):
                reading = _choose(found, context)
                # the model was trained with a weak stress on capitalised words that have none ("If", "From")
                return reading if word.islower() else _with_stress(reading)
        return None

    def _hyphenated(self, word: str, context: _Context) -> str:
        parts = [self._word(part, context) for part in word.split("-") if part]
        if len(parts) > 1 and not any(part.isupper() for part in word.split("-")):
            parts[:-1] = [part.replace(_SECONDARY, "").replace(_PRIMARY, _SECONDARY) for part in parts[:-1]]
        return "".join(parts)

    def _capitals(self, word: str, context: _Context) -> str | None:
        """Spell `USB`, `TVs` and `PC's`; read long capitals with vowels (`ZIGBEE`) as a word."""
        match = re.fullmatch(r"([A-Z]{2,})('?s)?", word)
        if match is None:
            return None
        stem, plural = match[1], match[2]
        pronounceable = len(stem) > 5 and re.search("[AEIOUY]", stem)
        if pronounceable or (context.shouted and len(stem) > 3):
            return None
        spelt = self.letters(stem)
        return _plural(spelt) if plural else spelt

    def _camel(self, word: str, context: _Context) -> str | None:
        """Read `HomeKit`, `ChatGPT`, `iPhone` part by part."""
        parts = _CAMEL.findall(word)
        if len(parts) < 2 or "'" in word:
            return None
        read = [
            self.letters(part) if len(part) == 1 or _is_spelt(part) else self._word(part, context) for part in parts
        ]
        joint = " " if any(_is_spelt(part) and len(part) > 1 for part in parts) else ""
        return joint.join(read)

    def _inflected(self, word: str, context: _Context) -> str | None:
        """Read a regular form of a listed word: plural, possessive, past, -ing."""
        lower = word.lower()
        for ending, stems, join in (
            ("'s", ("",), _plural),
            ("s'", ("s", ""), _plural),
            ("ies", ("y",), _plural),
            ("es", ("e", ""), _plural),
            ("s", ("",), _plural),
            ("ed", ("e", ""), _past),
            ("ing", ("", "e"), _ing),
        ):
            if not lower.endswith(ending) or len(lower) < len(ending) + 2:
                continue
            base = lower.removesuffix(ending)
            doubled = [base[:-1]] if ending in {"ed", "ing"} and len(base) > 2 and base[-1] == base[-2] else []
            for stem in [base + end for end in stems] + doubled:
                if found := words.NAMES.get(stem) or self._listed(stem, context):
                    return join(found)
        return None

    def _compound(self, word: str, context: _Context) -> str | None:
        """Read a compound of two listed words: `SmartThings`, `doorlock`."""
        for cut in range(len(word) - 3, 3, -1):
            first, second = word[:cut], word[cut:]
            if len(first) + len(second) > 7 and first in self._lexicon and second in self._lexicon:
                return (self._listed(first, context) or "") + (self._listed(second, context) or "").replace(
                    _PRIMARY, _SECONDARY
                )
        return None

    def _unknown(self, word: str) -> str:
        letters = re.sub("[^A-Za-z]", "", word)
        if not re.search("[aeiouyAEIOUY]", letters):
            return self.letters(letters)
        return self._guess.phonemes(letters)


def _plain(text: str) -> str:
    """Bring letters with accents to plain ones and the apostrophes to one; signs become words."""
    decomposed = unicodedata.normalize("NFKD", text.replace("’", "'").replace("‘", "'"))
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return "".join(_SIGNS.get(char, char) for char in plain).replace("ß", "ss").replace("ø", "o").replace("æ", "ae")


def _function_word(word: str, context: _Context) -> str | None:
    """Read the words whose sound depends on what follows; None for all others."""
    lower, follows = word.lower(), context.vowel_follows
    readings = {
        "a": "ɐ" if word == "a" or context.after else None,
        "an": "ɐn",
        "i": "ˌI" if word == "I" else None,
        "in": "ˈɪn" if follows is None else "ɪn",
        "the": "ði" if follows else "ðə",
        "to": "tu" if follows is None else "tʊ" if follows else "tə",
        "used": "jˈust" if context.after == "to" else None,
    }
    return None if word in {"AN", "IN"} else readings.get(lower)


def _choose(readings: dict[str, str], context: _Context) -> str:
    """Choose by part of speech, which the neighbours tell well enough for short announcements."""
    if len(readings) == 1:
        return readings[""]
    if context.vowel_follows is None and "E" in readings:
        return readings["E"]
    tags = ""
    if context.before in words.PAST_CUES:
        tags = "PJ"
    elif context.before in words.VERB_CUES or (not context.before and context.after in words.OBJECT_CUES):
        tags = "V"
    elif context.before in words.DETERMINERS:
        tags = "NJ"
    return next((readings[tag] for tag in tags if tag in readings), readings[""])


def _with_stress(reading: str) -> str:
    if _PRIMARY in reading or _SECONDARY in reading:
        return reading
    place = next((index for index, char in enumerate(reading) if char in words.VOWEL_SOUNDS), None)
    return reading if place is None else reading[:place] + _SECONDARY + reading[place:]


def _plural(stem: str) -> str:
    if stem[-1:] in set("szʃʒʧʤ"):
        return stem + "ᵻz"
    return stem + ("s" if stem[-1:] in set("ptkfθ") else "z")


def _past(stem: str) -> str:
    if stem[-1:] in set("td"):
        return stem + "ᵻd"
    return stem + ("t" if stem[-1:] in set("pkfθʃsʧ") else "d")


def _ing(stem: str) -> str:
    return stem + "ɪŋ"


def _is_spelt(part: str) -> bool:
    return part.isupper() and not (len(part) > 5 and re.search("[AEIOUY]", part))
