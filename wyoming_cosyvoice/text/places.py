"""Where a long clause may be cut although no mark stands there: beside words that join."""

from __future__ import annotations

from wyoming_cosyvoice.text.scripts import script, words

_CONJUNCTIONS = words(
    """
    and but or because so that which who whose when where while if unless until after before since although though
    """
)
_PREPOSITIONS = words("with without for from into onto about between through during by in on at to")
_CONNECTIVES = words(
    """
    但是 可是 不过 不過 因为 因為 所以 然后 然後 并且 並且 而且 如果 虽然 雖然 或者 以及
    还有 還有 因此 于是 於是 同时 同時 另外 此外 例如 比如 除了 除非 直到 只要 只有 无论 無論 即使
    """
)


def is_conjunction(word: str) -> bool:
    """Whether an English clause is best cut before this word."""
    return word.lower() in _CONJUNCTIONS


def is_preposition(word: str) -> bool:
    """Whether an English clause may be cut before this word if no better one comes."""
    return word.lower() in _PREPOSITIONS


def is_connective(pair: str) -> bool:
    """Whether a Chinese clause may be cut before these two characters."""
    return pair in _CONNECTIVES


def is_phrase_end(before: str, particle: str, after: str) -> bool:
    """Whether a Japanese phrase ends with a particle: 温度は|二十度, but not では nor はい."""
    return particle in "はがもで" and script(before) in {"han", "digit"} and script(after) == "han"


def is_connective_form(word: str) -> bool:
    """Whether a Korean word ends in a form that joins sentences: 켜고, 추워서, 오지만."""
    return len(word) > 1 and word.endswith(("고", "서", "며", "면", "지만", "는데", "니까"))
