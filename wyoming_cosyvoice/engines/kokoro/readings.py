"""Readings that the user gave: IPA, pinyin or kana, brought to Kokoro's symbols."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wyoming_cosyvoice.engines.kokoro import kana
from wyoming_cosyvoice.engines.kokoro.pinyin import to_phonemes
from wyoming_cosyvoice.engines.kokoro.vocabulary import SYMBOLS

if TYPE_CHECKING:
    from wyoming_cosyvoice.text.clause import Language, Phonemes

# Kokoro writes affricates as one symbol in every language ...
_AFFRICATES = (
    ("t͡ʃ", "ʧ"), ("tʃ", "ʧ"), ("d͡ʒ", "ʤ"), ("dʒ", "ʤ"), ("t͡s", "ʦ"), ("ts", "ʦ"), ("d͡z", "ʣ"), ("dz", "ʣ"),
    ("t͡ɕ", "ʨ"), ("tɕ", "ʨ"), ("d͡ʑ", "ʥ"), ("dʑ", "ʥ"), ("ʈ͡ʂ", "ꭧ"), ("ʈʂ", "ꭧ"), ("g", "ɡ"), ("'", "ˈ"),
)  # fmt: skip
# ... and English diphthongs too.
_ENGLISH = (
    ("eɪ", "A"), ("aɪ", "I"), ("oʊ", "O"), ("əʊ", "O"), ("aʊ", "W"), ("ɔɪ", "Y"), ("ɝ", "ɜɹ"), ("ɚ", "əɹ"), ("r", "ɹ"),
    ("iː", "i"), ("uː", "u"), ("ɑː", "ɑ"), ("ɔː", "ɔ"), ("ɜː", "ɜɹ"),
)  # fmt: skip
# Tone letters of Mandarin become arrows.
_TONES = (("˨˩˦", "↓"), ("˧˩˧", "↓"), ("˨˩", "↓"), ("˧˥", "↗"), ("˥˩", "↘"), ("˥", "→"))


def given_reading(phonemes: Phonemes, language: Language) -> str | None:
    """Return Kokoro's symbols for a given reading; None if it has none (Jyutping, or nothing known in it)."""
    if phonemes.alphabet == "ipa":
        return _ipa(phonemes.text, language) or None
    if phonemes.alphabet == "pinyin":
        found = [to_phonemes(item) for item in re.split(r"[\s'’·-]+", phonemes.text.strip()) if item]
        return None if not found or None in found else "".join(item for item in found if item)
    if phonemes.alphabet == "kana":
        return " ".join(kana.to_phonemes(word) for word in phonemes.text.split()) or None
    return None


def _ipa(text: str, language: Language) -> str:
    for written, symbol in (*_AFFRICATES, *(_ENGLISH if language == "en" else ()), *_TONES):
        text = text.replace(written, symbol)
    return "".join(char for char in text if char in SYMBOLS)
