"""The weekday that calendars write in brackets behind a date: 24日（火） is 24日火曜日."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wyoming_cosyvoice.text.clause import Language

_CHINESE = re.compile(r"(?:(?<=[日号號])|(?<=/[0-9])|(?<=/[0-9]{2})) ?[(（](?:周|週|星期)?([一二三四五六日])[)）]")
_FORMS: Mapping[Language, tuple[re.Pattern[str], str]] = MappingProxyType(
    {
        "zh": (_CHINESE, r"星期\1"),
        "yue": (_CHINESE, r"星期\1"),
        "ja": (
            re.compile(r"(?:(?<=日)|(?<=/[0-9])|(?<=/[0-9]{2})) ?[(（]([月火水木金土日])(?:曜日?)?[)）]"),
            r"\1曜日",
        ),
        "ko": (
            re.compile(r"(?:(?<=일)|(?<=/[0-9])|(?<=/[0-9]{2})) ?[(（]([월화수목금토일])(?:요일)?[)）]"),
            r" \1요일",
        ),
    }
)


def write_weekdays_out(text: str, language: Language) -> str:
    """Write a weekday in brackets as the word that is said."""
    form = _FORMS.get(language)
    return form[0].sub(form[1], text) if form else text
