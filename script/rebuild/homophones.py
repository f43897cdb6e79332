"""Rebuild wyoming_cosyvoice/text/lexicons/homophones.txt from the dictionaries of pypinyin (MIT).

A line holds a syllable and the common characters that are nearly always read so, the most used first. Common are the
3755 characters of the first level of GB 2312; how a character is read is counted over pypinyin's phrases.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

from pypinyin import Style, pinyin
from pypinyin.contrib.tone_convert import tone_to_tone3
from pypinyin.phrases_dict import phrases_dict

TARGET = Path(__file__).parents[2] / "wyoming_cosyvoice" / "text" / "lexicons" / "homophones.txt"
NEARLY_ALWAYS = 0.97
FEWEST = 5


def main() -> None:
    """Count and write."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for phrase, readings in phrases_dict.items():
        if len(phrase) == len(readings):
            for char, (reading, *_) in zip(phrase, readings, strict=True):
                counts[char][syllable(reading)] += 1
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for char in first_level():
        if counts[char].total() < FEWEST:
            counts[char] = Counter([syllable(pinyin(char, style=Style.TONE)[0][0])] * FEWEST)
        reading, count = counts[char].most_common(1)[0]
        if count >= NEARLY_ALWAYS * counts[char].total() and not reading.endswith("5"):
            found[reading].append((-counts[char].total(), char))
    lines = [f"{reading} {''.join(char for _, char in sorted(chars))}\n" for reading, chars in sorted(found.items())]
    TARGET.write_text("".join(lines), encoding="utf-8")


def syllable(reading: str) -> str:
    """Return `chong2` for `chóng`."""
    return tone_to_tone3(reading, v_to_u=True, neutral_tone_with_five=True)


def first_level() -> list[str]:
    """Return the first level of GB 2312: rows 16 to 55."""
    codes = [bytes([row + 0xA0, cell + 0xA0]) for row in range(16, 56) for cell in range(1, 95)]
    return [code.decode("gb2312") for code in codes if (code[0], code[1]) <= (0xD7, 0xF9)]


if __name__ == "__main__":
    main()
