"""How Korean is said: the sound changes of the Standard Pronunciation (표준 발음법) on the letters of syllables.

Only changes that follow from the spelling are made; what depends on a word's history (ㄴ insertion) would need a
dictionary.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

_FIRST = 0xAC00
ONSETS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
NUCLEI = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
CODAS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"

_TENSE = dict(zip("ㄱㄷㅂㅅㅈ", "ㄲㄸㅃㅆㅉ", strict=True))
_ASPIRATED = dict(zip("ㄱㄷㅂㅈ", "ㅋㅌㅍㅊ", strict=True))
# Double codas: what stays before a consonant, and what moves to the next syllable before a vowel.
_DOUBLE = {
    "ㄳ": ("ㄱ", "ㅅ"), "ㄵ": ("ㄴ", "ㅈ"),
    "ㄶ": ("ㄴ", "ㅎ"), "ㄺ": ("ㄹ", "ㄱ"), "ㄻ": ("ㄹ", "ㅁ"),
    "ㄼ": ("ㄹ", "ㅂ"), "ㄽ": ("ㄹ", "ㅅ"), "ㄾ": ("ㄹ", "ㅌ"), "ㄿ": ("ㄹ", "ㅍ"), "ㅀ": ("ㄹ", "ㅎ"),
    "ㅄ": ("ㅂ", "ㅅ"),
}  # fmt: skip
_NEUTRAL = {
    **dict.fromkeys("ㄲㅋㄳㄺ", "ㄱ"), **dict.fromkeys("ㅅㅆㅈㅊㅌㅎ", "ㄷ"), **dict.fromkeys("ㅍㅄㄿ", "ㅂ"),
    "ㄵ": "ㄴ", "ㄶ": "ㄴ", "ㄻ": "ㅁ", "ㄼ": "ㄹ", "ㄽ": "ㄹ", "ㄾ": "ㄹ", "ㅀ": "ㄹ",
}  # fmt: skip
_NASAL = {"ㄱ": "ㅇ", "ㄷ": "ㄴ", "ㅂ": "ㅁ"}
# ㄴ is put in before i and y of the second part of a compound; among what is said often, numbers do so.
_COMPOUNDS = (
    ("십육", "심뉵"), ("백육", "뱅뉵"), ("천육", "천뉵"), ("만육", "만뉵"), ("열여", "열려"), ("육육", "융뉵"),
    ("한여름", "한녀름"), ("담요", "담뇨"), ("색연필", "생년필"),
    ("꽃잎", "꼰닙"), ("나뭇잎", "나문닙"), ("깻잎", "깬닙"),
)  # fmt: skip
_BOUND_NOUNS = frozenset("거걸건게것수데줄")


@dataclass(frozen=True, slots=True)
class Syllable:
    """Letters of a syllable; `onset` ㅇ is silence, `coda` a space where there is none."""

    onset: str
    nucleus: str
    coda: str


def split(char: str) -> Syllable:
    """Take a hangul syllable apart."""
    index = ord(char) - _FIRST
    return Syllable(ONSETS[index // 588], NUCLEI[index % 588 // 28], CODAS[index % 28])


def pronounce(word: str, *, after_future: bool = False) -> list[Syllable]:
    """Return a word's syllables as they are said.

    `after_future` says that a verb's -ㄹ stands before the word (할 수), which makes its first consonant tense.
    """
    spelt = word
    for written, said in _COMPOUNDS:
        spelt = spelt.replace(written, said)
    syllables = [split(char) for char in spelt if "가" <= char <= "힣"]
    if syllables and after_future and word[0] in _BOUND_NOUNS:
        syllables[0] = replace(syllables[0], onset=_TENSE.get(syllables[0].onset, syllables[0].onset))
    for index in range(len(syllables) - 1):
        syllables[index : index + 2] = _join(syllables[index], syllables[index + 1])
    if syllables:
        syllables[-1] = replace(syllables[-1], coda=_NEUTRAL.get(syllables[-1].coda, syllables[-1].coda))
    return [_vowel(syllable, first=index == 0) for index, syllable in enumerate(syllables)]


def _join(left: Syllable, right: Syllable) -> tuple[Syllable, Syllable]:
    """Apply what happens where two syllables meet."""
    coda, onset = left.coda, right.onset
    if coda == " ":
        return left, right
    if onset == "ㅇ":
        return _link(left, right)
    if onset == "ㅎ" or "ㅎ" in (coda, _DOUBLE.get(coda, " ")[1:]) or coda in "ㄶㅀ":
        coda, onset = _aspirate(coda, onset, right.nucleus)
    tense = coda in "ㄵㄼㄾ" or _NEUTRAL.get(coda, coda) in "ㄱㄷㅂ"
    if tense and coda not in "ㄶㅀ":
        onset = _TENSE.get(onset, onset)
    coda, onset = _assimilate(_NEUTRAL.get(coda, coda), onset)
    return replace(left, coda=coda), replace(right, onset=onset)


def _link(left: Syllable, right: Syllable) -> tuple[Syllable, Syllable]:
    """Carry a coda over to a syllable that begins with a vowel."""
    coda = left.coda
    if coda == "ㅇ":
        return left, right
    stays, moves = _DOUBLE.get(coda, (" ", coda))
    if moves == "ㅎ":
        if stays == " ":
            return replace(left, coda=" "), right
        return replace(left, coda=" "), replace(right, onset=stays)
    if right.nucleus == "ㅣ":  # palatalisation: 같이 is said 가치
        moves = {"ㄷ": "ㅈ", "ㅌ": "ㅊ"}.get(moves, moves)
    if stays != " " and moves == "ㅅ":
        moves = "ㅆ"
    return replace(left, coda=stays), replace(right, onset=moves)


def _aspirate(coda: str, onset: str, nucleus: str) -> tuple[str, str]:
    """Melt ㅎ into its neighbour."""
    if coda in "ㅎㄶㅀ":
        rest = {"ㅎ": " ", "ㄶ": "ㄴ", "ㅀ": "ㄹ"}[coda]
        if onset in _ASPIRATED:
            return rest, _ASPIRATED[onset]
        if onset == "ㅅ":
            return rest, "ㅆ"
        return ("ㄴ" if onset == "ㄴ" and rest == " " else rest), onset
    stays, last = _DOUBLE.get(coda, (" ", coda))
    base = _NEUTRAL.get(last, last) if last != "ㅈ" else "ㅈ"
    if base not in _ASPIRATED:
        return coda, onset
    aspirated = "ㅊ" if base == "ㄷ" and nucleus == "ㅣ" and last == "ㄷ" else _ASPIRATED[base]
    return stays, aspirated


def _assimilate(coda: str, onset: str) -> tuple[str, str]:
    """Apply the changes of nasals and ㄹ."""
    if onset == "ㄹ" and coda in "ㅁㅇㄱㄷㅂ":
        onset = "ㄴ"
    if onset in "ㄴㅁ":
        coda = _NASAL.get(coda, coda)
    if (coda, onset) in {("ㄴ", "ㄹ"), ("ㄹ", "ㄴ")}:
        return "ㄹ", "ㄹ"
    return coda, onset


def _vowel(syllable: Syllable, *, first: bool) -> Syllable:
    nucleus = syllable.nucleus
    if nucleus == "ㅢ" and (not first or syllable.onset != "ㅇ"):
        nucleus = "ㅣ"
    elif syllable.onset in "ㅈㅉㅊ" and nucleus in "ㅑㅕㅛㅠㅖ":
        nucleus = {"ㅑ": "ㅏ", "ㅕ": "ㅓ", "ㅛ": "ㅗ", "ㅠ": "ㅜ", "ㅖ": "ㅔ"}[nucleus]
    elif nucleus == "ㅖ" and syllable.onset not in "ㅇㄹ":
        nucleus = "ㅔ"
    return replace(syllable, nucleus=nucleus)
