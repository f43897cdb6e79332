"""The symbols that Kokoro was trained on, and cutting a string of them into pieces.

The numbers are Kokoro-82M's own vocabulary (config.json of the model); 0 stands at both ends of an utterance.
"""

from __future__ import annotations

# fmt: off
SYMBOLS: dict[str, int] = {
    ";": 1, ":": 2, ",": 3, ".": 4, "!": 5, "?": 6, "—": 9, "…": 10, "\"": 11, "(": 12, ")": 13, "“": 14,
    "”": 15, " ": 16, "\u0303": 17, "ʣ": 18, "ʥ": 19, "ʦ": 20, "ʨ": 21, "ᵝ": 22, "ꭧ": 23, "A": 24, "I": 25,
    "O": 31, "Q": 33, "S": 35, "T": 36, "W": 39, "Y": 41, "ᵊ": 42, "a": 43, "b": 44, "c": 45, "d": 46, "e": 47,
    "f": 48, "h": 50, "i": 51, "j": 52, "k": 53, "l": 54, "m": 55, "n": 56, "o": 57, "p": 58, "q": 59, "r": 60,
    "s": 61, "t": 62, "u": 63, "v": 64, "w": 65, "x": 66, "y": 67, "z": 68, "ɑ": 69, "ɐ": 70, "ɒ": 71, "æ": 72,
    "β": 75, "ɔ": 76, "ɕ": 77, "ç": 78, "ɖ": 80, "ð": 81, "ʤ": 82, "ə": 83, "ɚ": 85, "ɛ": 86, "ɜ": 87, "ɟ": 90,
    "ɡ": 92, "ɥ": 99, "ɨ": 101, "ɪ": 102, "ʝ": 103, "ɯ": 110, "ɰ": 111, "ŋ": 112, "ɳ": 113, "ɲ": 114, "ɴ": 115,
    "ø": 116, "ɸ": 118, "θ": 119, "œ": 120, "ɹ": 123, "ɾ": 125, "ɻ": 126, "ʁ": 128, "ɽ": 129, "ʂ": 130,
    "ʃ": 131, "ʈ": 132, "ʧ": 133, "ʊ": 135, "ʋ": 136, "ʌ": 138, "ɣ": 139, "ɤ": 140, "χ": 142, "ʎ": 143,
    "ʒ": 147, "ʔ": 148, "ˈ": 156, "ˌ": 157, "ː": 158, "ʰ": 162, "ʲ": 164, "↓": 169, "→": 171, "↗": 172,
    "↘": 173, "ᵻ": 177,
}
# fmt: on
MAX_PIECE = 150  # symbols; the graph takes 510, but memory grows with length: 300 MB at 120, 580 MB at 300

_BREAKS = ("!.?…", ";:,—", '"()“” ')


def encode(phonemes: str) -> list[int]:
    """Return the ids of a phoneme string, both ends marked; symbols that Kokoro doesn't know are left out."""
    return [0, *(SYMBOLS[symbol] for symbol in phonemes if symbol in SYMBOLS), 0]


def pieces(phonemes: str, limit: int = MAX_PIECE) -> list[str]:
    """Cut a phoneme string into pieces of at most `limit` symbols.

    Each is cut at the best mark in the second half of what it may hold; of equal ones at that which leaves pieces
    alike in length: 304 symbols without a mark were 150, 148 and 6, and the last syllable was a sentence of its own.
    """
    found = []
    rest = phonemes.strip()
    while len(rest) > limit:
        even = -(-len(rest) // -(-len(rest) // limit))
        end = next((end for marks in _BREAKS if (end := _nearest(rest, marks, limit, even))), even)
        found.append(rest[:end].strip())
        rest = rest[end:].strip()
    if rest:
        found.append(rest)
    return found


def _nearest(phonemes: str, marks: str, limit: int, wanted: int) -> int:
    """Return where a piece ends behind the mark that is nearest to where it is `wanted`; 0 if there is none."""
    ends = (end for end in range(limit // 2 + 1, limit + 1) if phonemes[end - 1] in marks)
    return min(ends, key=lambda end: abs(end - wanted), default=0)
