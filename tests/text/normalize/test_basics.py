"""What a voice assistant says most, in each language."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.text.reading import heard
from wyoming_cosyvoice.text.normalize import normalize

if TYPE_CHECKING:
    from wyoming_cosyvoice.text.clause import Language

BASICS: list[tuple[Language, str, str]] = [
    ("zh", "打开2个灯，温度-3℃。", "打开两个灯，温度零下三摄氏度。"),
    ("zh", "下午3:30，第2天湿度50%。", "下午三点三十分，第二天湿度百分之五十。"),
    ("zh", "2026年4月1日花了2000元。", "二零二六年四月一日花了两千元。"),
    ("en", "It's 21°C, 50% humidity.", "It's twenty-one degrees Celsius, fifty percent humidity."),
    (
        "en",
        "On 2026-04-01 at 9:05 pay $19.99.",
        "On April first twenty twenty-six at nine oh five pay nineteen dollars and ninety-nine cents.",
    ),
    ("ja", "鉛筆3本、6分、4時、10日、1人。", "鉛筆さんぼん、ろっぷん、よじ、とおか、ひとり。"),
    ("ja", "4月20日は25℃で300円です。", "しがつはつかは二十五度でさんびゃく円です。"),
    ("ko", "3시 30분에 사과 3개, 20살.", "세 시 삼십 분에 사과 세 개, 스무 살."),
    ("ko", "6월 10일은 -8℃, 1,000원.", "유월 십일은 영하 팔 도, 천 원."),
]


@pytest.mark.parametrize(("language", "written", "spoken"), BASICS)
def test_reads(language: Language, written: str, spoken: str) -> None:
    assert heard(normalize(written, language), language) == heard(spoken, language)
