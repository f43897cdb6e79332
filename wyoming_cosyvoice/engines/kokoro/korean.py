"""Korean text to symbols that Kokoro knows: experimental, since it was never trained on Korean.

The sounds are those that a Japanese voice of Kokoro makes best; plain stops are voiced between voiced sounds.
"""

from __future__ import annotations

import re

from wyoming_cosyvoice.engines.kokoro.hangul import Syllable, pronounce, split
from wyoming_cosyvoice.engines.kokoro.punctuation import marks

_ONSETS = {
    "ㄱ": "k", "ㄲ": "k", "ㄴ": "n", "ㄷ": "t", "ㄸ": "t", "ㄹ": "ɾ", "ㅁ": "m", "ㅂ": "p", "ㅃ": "p", "ㅅ": "s",
    "ㅆ": "s", "ㅇ": "", "ㅈ": "ʨ", "ㅉ": "ʨ", "ㅊ": "ʨʰ", "ㅋ": "kʰ", "ㅌ": "tʰ", "ㅍ": "pʰ", "ㅎ": "h",
}  # fmt: skip
_VOICED = {"ㄱ": "ɡ", "ㄷ": "d", "ㅂ": "b", "ㅈ": "ʥ"}
_NUCLEI = {
    "ㅏ": "a", "ㅐ": "ɛ", "ㅑ": "ja", "ㅒ": "jɛ", "ㅓ": "ʌ", "ㅔ": "e", "ㅕ": "jʌ", "ㅖ": "je", "ㅗ": "o", "ㅘ": "wa",
    "ㅙ": "wɛ", "ㅚ": "we", "ㅛ": "jo", "ㅜ": "u", "ㅝ": "wʌ", "ㅞ": "we", "ㅟ": "wi", "ㅠ": "ju", "ㅡ": "ɯ",
    "ㅢ": "ɯi", "ㅣ": "i",
}  # fmt: skip
_CODAS = {"ㄱ": "k", "ㄴ": "n", "ㄷ": "t", "ㄹ": "l", "ㅁ": "m", "ㅂ": "p", "ㅇ": "ŋ", " ": ""}
_TENSE = frozenset("ㄲㄸㅃㅆㅉ")
_RUN = re.compile("([가-힣]+)|([^가-힣]+)")
_PARTICLE = re.compile("(?<=[가-힣])의(?![가-힣])")


class Korean:
    """Reads Korean text; what is no hangul syllable is left out."""

    def phonemes(self, text: str) -> str:
        """Return the phonemes of a text, words apart by spaces, marks kept."""
        result = ""
        future = False
        # the particle 의 is said 에
        for word, other in _RUN.findall(_PARTICLE.sub("에", text)):
            if word:
                result += _word(pronounce(word, after_future=future))
                future = split(word[-1]).coda == "ㄹ"
            else:
                result += marks(other)
                future = future and not other.strip()
        return result


def _word(syllables: list[Syllable]) -> str:
    result = ""
    before = ""
    for syllable in syllables:
        result += _onset(syllable, before) + _NUCLEI[syllable.nucleus] + _CODAS[syllable.coda]
        before = "vowel" if syllable.coda == " " else syllable.coda
    return result


def _onset(syllable: Syllable, before: str) -> str:
    onset = syllable.onset
    if onset == "ㄹ" and before == "ㄹ":
        return "l"
    if onset in _VOICED and before in {"vowel", "ㄴ", "ㄹ", "ㅁ", "ㅇ"}:
        return _VOICED[onset]
    if onset in "ㅅㅆ" and syllable.nucleus in "ㅣㅑㅕㅛㅠㅖㅒㅟ":
        return ("ʔ" if onset == "ㅆ" and before == "vowel" else "") + "ɕ"
    if onset in _TENSE and before == "vowel":
        return "ʔ" + _ONSETS[onset]
    return _ONSETS[onset]
