"""From kana to the symbols that Kokoro was trained on.

One kana is a consonant and a vowel; the consonant changes before i, u and small y as in spoken Japanese. A moraic nasal
takes the place of what follows it inside the word, a long mark is a length mark, a doubled consonant a glottal stop.
"""

from __future__ import annotations

import re
import unicodedata

_VOWELS = "aiɯeo"

# Consonants before a, i, u, e, o. A vowel that differs from the row's is written out after the consonant.
_ROWS = {
    "アイウエオ": ("", "", "", "", ""),
    "カキクケコ": ("k", "kʲ", "k", "k", "k"),
    "ガギグゲゴ": ("ɡ", "ɡʲ", "ɡ", "ɡ", "ɡ"),
    "サシスセソ": ("s", "ɕ", "sɨ", "s", "s"),
    "ザジズゼゾ": ("ʣ", "ʥ", "zɨ", "ʣ", "ʣ"),
    "タチツテト": ("t", "ʨ", "ʦɨ", "t", "t"),
    "ダヂヅデド": ("d", "ʥ", "zɨ", "d", "d"),
    "ナニヌネノ": ("n", "ɲ", "n", "n", "n"),
    "ハヒフヘホ": ("h", "ç", "ɸ", "h", "h"),
    "バビブベボ": ("b", "bʲ", "b", "b", "b"),
    "パピプペポ": ("p", "pʲ", "p", "p", "p"),
    "マミムメモ": ("m", "mʲ", "m", "m", "m"),
    "ラリルレロ": ("ɾ", "ɾʲ", "ɾ", "ɾ", "ɾ"),
}
_OTHERS = {
    "ヤ": "ja", "ユ": "jɯ", "ヨ": "jo", "ワ": "βa", "ヰ": "i", "ヱ": "e", "ヲ": "o", "ヴ": "vɯ", "ヷ": "va", "ヺ": "vo",
    "イェ": "je", "ウィ": "βi", "ウェ": "βe", "ウォ": "βo", "トゥ": "tɯ", "ドゥ": "dɯ", "ティ": "tʲi", "ディ": "dʲi",
    "テュ": "tʲɨ", "デュ": "dʲɨ", "フュ": "ɸʲɨ", "フョ": "ɸʲo", "ヴュ": "bʲɨ", "ヴョ": "bʲo",
    "ツァ": "ʦa", "ツィ": "ʦʲi", "ツェ": "ʦe", "ツォ": "ʦo", "ファ": "ɸa", "フィ": "ɸʲi", "フェ": "ɸe", "フォ": "ɸo",
    "ヴァ": "va", "ヴィ": "vʲi", "ヴェ": "ve", "ヴォ": "vo", "クァ": "kᵝa", "クィ": "kᵝi", "クェ": "kᵝe", "クォ": "kᵝo",
    "グァ": "ɡᵝa", "グィ": "ɡᵝi", "グェ": "ɡᵝe", "グォ": "ɡᵝo",
}  # fmt: skip
_SMALL = {"ァ": "a", "ィ": "i", "ゥ": "ɯ", "ェ": "e", "ォ": "o", "ャ": "a", "ュ": "ɨ", "ョ": "o", "ヮ": "βa"}
_NASALS = ((("m", "p", "b"), "m"), (("k", "ɡ"), "ŋ"), (("ɲ", "ʨ", "ʥ"), "ɲ"), (("n", "t", "d", "ɾ", "z"), "n"))


def _table() -> dict[str, str]:
    table: dict[str, str] = {}
    for kana, consonants in _ROWS.items():
        for char, vowel, consonant in zip(kana, _VOWELS, consonants, strict=True):
            table[char] = consonant if consonant.endswith("ɨ") else consonant + vowel
        stem = consonants[1]
        if stem:  # kya, kyu, kyo and kye
            table |= {kana[1] + small: stem + _SMALL[small] for small in "ャュョェ"}
    return table | _OTHERS


_TABLE = _table()


def to_katakana(text: str) -> str:
    """Return the text with hiragana and half-width kana as katakana; all else stays."""
    full = unicodedata.normalize("NFKC", text)
    return "".join(chr(ord(char) + 0x60) if "ぁ" <= char <= "ゖ" else char for char in full)


def to_phonemes(word: str) -> str:
    """Return the phonemes of one word in kana; what is no kana is left out."""
    kana = to_katakana(word).replace("ヵ", "カ").replace("ヶ", "ケ")
    sounds = []
    position = 0
    while position < len(kana):
        sound, used = _sound(kana, position)
        sounds.append(sound)
        position += used
    text = "".join(sounds)
    return re.sub("ɴ(?=(.))", lambda match: _nasal(match[1]), text).rstrip("ʔ")


def _sound(kana: str, position: int) -> tuple[str, int]:
    """Return the sound at a position and how many kana it takes."""
    pair, char = kana[position : position + 2], kana[position]
    if len(pair) == 2 and pair in _TABLE:
        return _TABLE[pair], 2
    if char in _TABLE:
        if len(pair) == 2 and pair[1] in _SMALL:  # a small vowel takes the place of the kana's own
            return _TABLE[char][:-1] + _SMALL[pair[1]], 2
        return _TABLE[char], 1
    return {"ー": "ː", "ッ": "ʔ", "ン": "ɴ"}.get(char, _SMALL.get(char, "")), 1


def _nasal(following: str) -> str:
    return next((nasal for starts, nasal in _NASALS if following in starts), "ɴ")
