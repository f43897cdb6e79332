"""From pinyin to the symbols that Kokoro was trained on.

Initials and finals by the usual IPA of Standard Chinese (Duanmu, The Phonology of Standard Chinese, 2007; Lin, The
Sounds of Chinese, 2007) in Kokoro's spelling: affricates are one symbol, tones are arrows that follow the nucleus. `0`
in a final marks where the arrow goes.
"""

from __future__ import annotations

import re
import unicodedata

_TONES = {"1": "→", "2": "↗", "3": "↓", "4": "↘", "5": ""}

_INITIALS = {
    "b": "p", "p": "pʰ", "m": "m", "f": "f", "d": "t", "t": "tʰ", "n": "n", "l": "l", "g": "k", "k": "kʰ", "h": "x",
    "j": "ʨ", "q": "ʨʰ", "x": "ɕ", "zh": "ꭧ", "ch": "ꭧʰ", "sh": "ʂ", "r": "ɻ", "z": "ʦ", "c": "ʦʰ", "s": "s",
}  # fmt: skip

_FINALS = {
    "a": "a0", "ai": "ai0", "an": "a0n", "ang": "a0ŋ", "ao": "au0", "e": "ɤ0", "ei": "ei0", "en": "ə0n", "eng": "ə0ŋ",
    "er": "ɚ0", "i": "i0", "ia": "ja0", "ian": "jɛ0n", "iang": "ja0ŋ", "iao": "jau0", "ie": "je0", "in": "i0n",
    "ing": "i0ŋ", "iong": "jʊ0ŋ", "iu": "jou0", "o": "wo0", "ong": "ʊ0ŋ", "ou": "ou0", "u": "u0", "ua": "wa0",
    "uai": "wai0", "uan": "wa0n", "uang": "wa0ŋ", "ueng": "wə0ŋ", "ui": "wei0", "un": "wə0n", "uo": "wo0", "ü": "y0",
    "üan": "ɥɛ0n", "üe": "ɥe0", "ün": "y0n", "ê": "ɛ0",
}  # fmt: skip

# Syllables that are not initial and final: interjections and syllabic consonants.
_WHOLE = {"o": "ɔ0", "yo": "jɔ0", "m": "m0", "n": "n0", "ng": "ŋ0", "hm": "hm0", "hng": "hŋ0"}

_SYLLABLE = re.compile(r"(zh|ch|sh|[bpmfdtnlgkhjqxrzcs])?([a-zêü]+)")
_MARKS = {"\u0304": "1", "\u0301": "2", "\u030c": "3", "\u0300": "4"}


def to_phonemes(syllable: str) -> str | None:
    """Return the phonemes of one syllable (`zhong1`, `lü4`, `zhōng`), or None if it is none."""
    plain, tone = _split_tone(syllable)
    final = _whole_or_final(plain)
    return None if final is None else final.replace("0", _TONES[tone])


def _whole_or_final(plain: str) -> str | None:
    if plain in _WHOLE:
        return _WHOLE[plain]
    match = _SYLLABLE.fullmatch(_spell_out(plain))
    if match is None or match[2] not in _FINALS:
        return None
    initial, final = match[1] or "", match[2]
    if final == "i" and initial in {"zh", "ch", "sh", "r", "z", "c", "s"}:
        return _INITIALS[initial] + "ɨ0"
    return _INITIALS.get(initial, "") + _FINALS[final]


def _spell_out(plain: str) -> str:
    """Undo the spelling rules that hide a final: y and w at the start, u for ü after j, q, x and y."""
    if plain.startswith("yu"):
        return "ü" + plain[2:]
    if plain.startswith("y"):
        rest = plain[1:]
        return rest if rest.startswith("i") else {"ou": "iu", "ong": "iong"}.get(rest, "i" + rest)
    if plain.startswith("w"):
        rest = plain[1:]
        return rest if rest.startswith("u") else {"ei": "ui", "en": "un"}.get(rest, "u" + rest)
    if plain[:2] in {"ju", "qu", "xu"}:
        return plain[0] + "ü" + plain[2:]
    # written in full, as some dictionaries do
    return re.sub("(?<=.)(iou|uei|uen)$", lambda match: {"iou": "iu", "uei": "ui", "uen": "un"}[match[0]], plain)


def _split_tone(syllable: str) -> tuple[str, str]:
    text = syllable.strip().lower().replace("u:", "ü").replace("v", "ü")
    if text and text[-1] in "012345":
        return text[:-1], text[-1] if text[-1] != "0" else "5"
    tone = "5"
    plain = ""
    for char in unicodedata.normalize("NFD", text):
        if char in _MARKS:
            tone = _MARKS[char]
        else:
            plain += char
    return unicodedata.normalize("NFC", plain), tone
