"""Roman numerals in their canonical spelling."""

from __future__ import annotations

_PARTS = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"),
    (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip


def roman_number(written: str) -> int:
    """Say the value of a Roman numeral, 0 for what is none (IIII, VX, MIX is 1009)."""
    rest, value = written, 0
    for size, letters in _PARTS:
        times = 0
        while rest.startswith(letters) and times < (1 if size in (900, 500, 400, 90, 50, 40, 9, 5, 4) else 3):
            rest = rest[len(letters) :]
            value += size
            times += 1
    return value if not rest and written else 0
