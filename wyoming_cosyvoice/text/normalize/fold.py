"""One way of writing each sign: full-width letters and digits, digits of other scripts, composed units.

Only what the recognisers look at is folded; punctuation keeps its width, because prosody differs (，is no thousands
separator) and the frontends know both.
"""

from __future__ import annotations

import re
import unicodedata

from wyoming_cosyvoice.text.normalize.roman import roman_number

_COMPOSED = {
    "℃": "°C",
    "℉": "°F",
    "µ": "μ",
    "㎜": "mm",
    "㎝": "cm",
    "㎞": "km",
    "㎎": "mg",
    "㎏": "kg",
    "㎡": "m²",
    "㎠": "cm²",
    "㎢": "km²",
    "㎥": "m³",
    "㎤": "cm³",
    "㏄": "cc",
    "㎖": "mL",
    "ℓ": "L",
    "㎐": "Hz",
    "㎑": "kHz",
    "㎒": "MHz",
    "㎓": "GHz",
    "㎾": "kW",
    "㎸": "kV",
    "㎃": "mA",
    "㎅": "KB",
    "㎆": "MB",
    "㎇": "GB",
    "㏈": "dB",
    "㎩": "Pa",
    "㎪": "kPa",
    "㏊": "ha",
    "Ω": "Ω",
    "№": "No.",
    "￥": "¥",
    "￡": "£",
    "￠": "¢",
    "￦": "₩",
    "−": "-",
    "≧": "≥",
    "≦": "≤",
    "〜": "~",
    "﹣": "-",
    "‐": "-",
    "‑": "-",
    "∶": ":",
    "∕": "/",
    "⁄": "/",
    "∼": "~",
    "～": "~",
    "％": "%",
    "﹪": "%",
    "\u00a0": " ",
    "\u2002": " ",
    "\u2003": " ",
    "\u2007": " ",
    "\u2009": " ",
    "\u202f": " ",
    "\u3000": " ",
}
# Full-width signs that are parts of written forms; ，．：；！？（）are punctuation and stay.
_FULL_WIDTH = "＃＄＆＊＋－／＜＝＞＠＼＾＿｜"
# ... unless they stand between digits: 下午3：30, ３．５.
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])[．：](?=[0-9])")
_ROMAN = re.compile(r"[\u2160-\u216f]{1,15}|[\u2170-\u217f]{1,15}")
# Of the letters of East Asia only numbers in circles and brackets: ㉑, ㊀, ㈠, ㆒.
_FOLDABLE = re.compile(
    r"[^\x00-\x7f\u3041-\u32ff\u3400-\u9fff\uac00-\ud7a3，。！？、；：]"
    r"|[\u3192-\u3195\u3220-\u3229\u3248-\u324f\u3251-\u325f\u3280-\u3289\u32b1-\u32bf]"
)


def fold(text: str) -> str:
    """Fold the signs of written forms to one spelling each; words and punctuation stay as they are."""
    text = _ROMAN.sub(lambda match: _fold_roman(match[0]), text)
    folded = _FOLDABLE.sub(lambda match: _fold_char(match[0]), text)
    return _BETWEEN_DIGITS.sub(lambda match: "." if match[0] == "．" else ":", folded)


def _fold_roman(written: str) -> str:
    letters = unicodedata.normalize("NFKC", written).upper()
    return str(roman_number(letters) or letters)


def _fold_char(char: str) -> str:
    if char in _COMPOSED:
        return _COMPOSED[char]
    if "０" <= char <= "９" or "Ａ" <= char <= "Ｚ" or "ａ" <= char <= "ｚ" or char in _FULL_WIDTH:
        return chr(ord(char) - 0xFEE0)
    if "\u3300" <= char <= "\u33ff":
        return unicodedata.normalize("NFKC", char)
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category == "No":
        return _fold_numeral(char)
    if category == "Nl" and char != "〇":
        return unicodedata.normalize("NFKC", char)
    return char


def _fold_numeral(char: str) -> str:
    if char in "²³":
        return char
    if "\u2080" <= char <= "\u2089":  # CO₂ is CO2
        return str(unicodedata.digit(char))
    if "\u2070" <= char <= "\u2079" or char == "¹":
        return f"^{unicodedata.digit(char)}"
    decomposed = unicodedata.normalize("NFKC", char)
    if "⁄" in decomposed:  # ½ is 1⁄2; the space keeps 2½ from becoming 21/2
        return " " + decomposed.replace("⁄", "/")
    number = unicodedata.numeric(char, -1)
    return f" {int(number)} " if number >= 0 and number == int(number) else " "
