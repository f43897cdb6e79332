"""Words that no dictionary has: a small recurrent network guesses their sounds.

The weights are those of g2p_en 2.1.0 (Apache-2.0, trained on CMUdict): letters go through a GRU, its last state starts
a second GRU that emits ARPAbet phonemes until it emits the end. The cell is the one of Cho et al. 2014 in the form that
applies the reset gate after the product.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.store.shipped import shipped

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[np.float32]

_VOWELS = {
    "AA": "ɑ", "AE": "æ", "AH": "ʌ", "AO": "ɔ", "AW": "W", "AY": "I", "EH": "ɛ", "ER": "ɜɹ", "EY": "A", "IH": "ɪ",
    "IY": "i", "OW": "O", "OY": "Y", "UH": "ʊ", "UW": "u",
}  # fmt: skip
_CONSONANTS = {
    "B": "b", "CH": "ʧ", "D": "d", "DH": "ð", "F": "f", "G": "ɡ", "HH": "h", "JH": "ʤ", "K": "k", "L": "l", "M": "m",
    "N": "n", "NG": "ŋ", "P": "p", "R": "ɹ", "S": "s", "SH": "ʃ", "T": "t", "TH": "θ", "V": "v", "W": "w", "Y": "j",
    "Z": "z", "ZH": "ʒ",
}  # fmt: skip
_REDUCED = {"AH": "ə", "ER": "əɹ"}
# The network's output symbols in its own order: four of its own, then ARPAbet sorted, vowels with their three stresses.
_START, _END, _OWN = 2, 3, 4
_SYMBOLS = sorted([f"{vowel}{stress}" for vowel in _VOWELS for stress in "012"] + ["UW"] + list(_CONSONANTS))
_FIRST_LETTER, _UNKNOWN_LETTER, _LAST = 3, 1, 2
MAX_LETTERS = 40


class Guess:
    """Letters to sounds."""

    def __init__(self, path: Path | None = None) -> None:
        with np.load(path or shipped("english", "guess.npz"), allow_pickle=False) as file:
            self._weights: dict[str, Array] = {name: file[name].astype(np.float32) for name in file}

    def phonemes(self, word: str) -> str:
        """Return Kokoro's symbols for a word of Latin letters; an empty word has none."""
        return _kokoro(self._arpabet(word[:MAX_LETTERS].lower()))

    def _arpabet(self, word: str) -> list[str]:
        weights = self._weights
        state = np.zeros(weights["enc_w_hh"].shape[1], np.float32)
        letters = [ord(char) - ord("a") + _FIRST_LETTER if "a" <= char <= "z" else _UNKNOWN_LETTER for char in word]
        for letter in [*letters, _LAST]:
            state = self._cell("enc", weights["enc_emb"][letter], state)
        symbol = _START
        found: list[str] = []
        while len(found) < 2 * len(word) + 2:
            state = self._cell("dec", weights["dec_emb"][symbol], state)
            symbol = int(np.argmax(weights["fc_w"] @ state + weights["fc_b"]))
            if symbol == _END:
                break
            if symbol >= _OWN:
                found.append(_SYMBOLS[symbol - _OWN])
        return found

    def _cell(self, side: str, entry: Array, state: Array) -> Array:
        weights = self._weights
        from_entry = weights[f"{side}_w_ih"] @ entry + weights[f"{side}_b_ih"]
        from_state = weights[f"{side}_w_hh"] @ state + weights[f"{side}_b_hh"]
        width = len(state)
        gates = 1 / (1 + np.exp(-(from_entry[: 2 * width] + from_state[: 2 * width])))
        reset, update = gates[:width], gates[width:]
        new = np.tanh(from_entry[2 * width :] + reset * from_state[2 * width :])
        result: Array = (1 - update) * new + update * state
        return result


def _kokoro(arpabet: list[str]) -> str:
    result = ""
    for symbol in arpabet:
        base, stress = symbol.rstrip("012"), symbol[-1]
        if base in _CONSONANTS:
            result += _CONSONANTS[base]
        elif stress == "0":
            result += _REDUCED.get(base, _VOWELS[base])
        else:
            result += ("ˈ" if stress == "1" else "ˌ") + _VOWELS[base]
    return result
