"""Amounts of money and phone numbers."""

from __future__ import annotations

import re

from wyoming_cosyvoice.text.normalize.recognise.numbers import Found, read_number
from wyoming_cosyvoice.text.normalize.units import read_denominator
from wyoming_cosyvoice.text.normalize.values import Money, Phone, Range

SYMBOLS = {
    "HK$": "HKD",
    "NT$": "TWD",
    "NTD$": "TWD",
    "US$": "USD",
    "A$": "AUD",
    "AU$": "AUD",
    "C$": "CAD",
    "CA$": "CAD",
    "S$": "SGD",
    "MOP$": "MOP",
    "RMB¥": "CNY",
    "CN¥": "CNY",
    "JP¥": "JPY",
    "$": "$",
    "¥": "¥",
    "€": "EUR",
    "£": "GBP",
    "₩": "KRW",
    "₹": "INR",
    "₽": "RUB",
    "฿": "THB",
    "₫": "VND",
    "₱": "PHP",
    "₿": "BTC",
    "¢": "¢",
}
"""Symbol before an amount -> currency; "$" and "¥" mean what they mean in the language of the sentence."""

CODES = ("USD", "EUR", "GBP", "CNY", "RMB", "JPY", "KRW", "HKD", "TWD", "NTD", "AUD", "CAD", "SGD", "MOP", "CHF", "INR")
"""Codes that stand before or after an amount."""

_SIGNS = sorted(SYMBOLS, key=len, reverse=True)
_CODE_AFTER = re.compile(r" ?(" + "|".join(CODES) + r")(?![A-Za-z\d])")
_CODE_BEFORE = re.compile(r"(" + "|".join(CODES) + r") ?(?=\d)")
_SIGN_AFTER = re.compile(r" ?([€£₩₽฿¢])")
_SCALE = re.compile(r"(?:(?P<letter>[kKmMbB]|bn|Bn)(?![A-Za-z\d])| ?(?P<word>thousand|million|billion|trillion)\b)")
_ZEROS = {"k": 3, "m": 6, "b": 9, "bn": 9, "thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_SAME = {"RMB": "CNY", "NTD": "TWD"}
_RANGE = re.compile(r" ?[-~–—] ?")

# Groups are joined by one kind of sign each; the lengths are those of real numbering plans, not of dates.
_PHONE = re.compile(
    r"\+\d{1,3}(?:[ -]?\(?\d{1,5}\)?){1,5}(?![\d-])"
    r"|(?:1[ -])?\(\d{2,4}\) ?\d{3,4}[ -]\d{3,4}(?![\d-])"
    r"|0\d{1,4}\(\d{1,4}\)\d{3,4}(?![\d-])"
    r"|0\d{2,4} \d{3,4} \d{3,4}(?![\d-])"
    r"|(?:1-)?\d{3}-\d{3}-\d{4}(?![\d-])"
    r"|\d{3}[. ]\d{3}[. ]\d{4}(?![\d-])"
    r"|0\d{1,4}-\d{1,4}-\d{3,4}(?![\d-])"
    r"|0\d{2,3}-\d{7,8}(?![\d-])"
    r"|1\d{2}[- ]\d{4}[- ]\d{4}(?![\d-])"
    r"|[48]00-\d{3,4}-\d{3,4}(?![\d-])"
    r"|1[3-9]\d{9}(?!\d)"
    r"|\+\d{7,15}(?!\d)"
)
_GROUPS = re.compile(r"\d+")


def money(text: str, at: int) -> Found | None:
    """Read an amount with its currency: $19.99, HK$50, 20 USD, €3-5, $1.5M."""
    sign = "-" if text.startswith("-", at) else ""
    start = at + len(sign)
    currency, begin = _currency_before(text, start)
    found = read_number(text, begin)
    if found is None:
        return None
    number, end = found
    if not currency:
        return _amount_before_currency(text, at)
    number = type(number)(number.whole, number.fraction, sign)
    scale, end = _scale(text, end)
    per = read_denominator(text, end)
    if per is not None:
        return Money(number, currency, scale, per[0]), per[1]
    amount = Money(number, currency, scale)
    until = _RANGE.match(text, end)
    if until is not None:
        other, after = _currency_before(text, until.end())
        high = read_number(text, after) if other in ("", currency) else None
        if high is not None:
            zeros, end = _scale(text, high[1])
            shared = not other or (zeros and not scale)
            return Range(number if shared else amount, Money(high[0], currency, zeros)), end
    return amount, end


def _currency_before(text: str, at: int) -> tuple[str, int]:
    for sign in _SIGNS:
        if text.startswith(sign, at):
            end = at + len(sign)
            return SYMBOLS[sign], end + text.startswith(" ", end)
    match = _CODE_BEFORE.match(text, at)
    return (_SAME.get(match[1], match[1]), match.end()) if match else ("", at)


def _amount_before_currency(text: str, at: int) -> Found | None:
    found = read_number(text, at, signed=True)
    if found is None:
        return None
    scale, end = _scale(text, found[1])
    match = _CODE_AFTER.match(text, end) or _SIGN_AFTER.match(text, end)
    if match is None:
        return None
    currency = SYMBOLS.get(match[1], _SAME.get(match[1], match[1]))
    per = read_denominator(text, match.end())
    return Money(found[0], currency, scale, per[0] if per else None), per[1] if per else match.end()


def _scale(text: str, at: int) -> tuple[int, int]:
    match = _SCALE.match(text, at)
    return (_ZEROS[match[0].strip().lower()], match.end()) if match else (0, at)


def phone(text: str, at: int) -> Found | None:
    """Read a phone number in groups, or a Chinese mobile number."""
    match = _PHONE.match(text, at)
    if match is None:
        return None
    groups = tuple(_GROUPS.findall(match[0]))
    if not 7 <= sum(map(len, groups)) <= 15:
        return None
    return Phone(groups, match[0].startswith("+")), match.end()
