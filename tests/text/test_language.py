"""Which language each part of a clause is in."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_cosyvoice.errors import UnsupportedLanguageError
from wyoming_cosyvoice.text.clause import LANGUAGES
from wyoming_cosyvoice.text.language import Context, base_language, find_spans, next_sentence

if TYPE_CHECKING:
    from wyoming_cosyvoice.text.clause import Language


def spans(
    text: str, forced: Language | None = None, default: Language = "zh", context: Context | None = None
) -> list[tuple[Language, str]]:
    found, _, _ = find_spans(text, forced, default, context or Context())
    return [(language, part.strip()) for language, part in found if part.strip()]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("zh", "zh"),
        ("zh-CN", "zh"),
        ("zh_TW", "zh"),
        ("zh-Hans-CN", "zh"),
        ("cmn", "zh"),
        ("cmn-CN", "zh"),
        ("zh-HK", "yue"),
        ("zh-Hant-HK", "yue"),
        ("zh-MO", "yue"),
        ("yue", "yue"),
        ("yue-HK", "yue"),
        ("zh-yue", "yue"),
        ("en-GB", "en"),
        ("EN_us", "en"),
        ("ja-JP", "ja"),
        (" ko-KR ", "ko"),
    ],
)
def test_codes_that_users_send(code: str, expected: str) -> None:
    assert base_language(code) == expected


@pytest.mark.parametrize("code", ["", "fr", "xx-CN", "english", "jp", "zz" * 500])
def test_an_unknown_code_is_refused_with_those_that_are_known(code: str) -> None:
    with pytest.raises(UnsupportedLanguageError, match="zh, cmn, en, ja, ko, yue") as caught:
        base_language(code)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # the whole text in one language
        ("今天天气很好。", ["zh"]),
        ("今天天氣很好，我們去散步吧。", ["zh"]),
        ("It is a fine day.", ["en"]),
        ("今日は天気がいいです。", ["ja"]),
        ("오늘 날씨가 좋습니다.", ["ko"]),
        ("今日天氣好好，我哋去行山啦。", ["yue"]),
        # kanji without kana, by the forms that only Japan writes
        ("東京駅", ["ja"]),
        ("気温", ["ja"]),
        ("北京火车站", ["zh"]),
        ("東京", ["zh"]),  # nothing tells; the default decides
        # Cantonese by its particles, and Mandarin that only looks like it
        ("你食咗飯未呀", ["yue"]),
        ("呢個係乜嘢嚟㗎", ["yue"]),
        ("我係香港人", ["yue"]),
        ("係呀", ["yue"]),
        ("我們的關係很好", ["zh"]),
        ("該款項確係被告所有", ["zh"]),
        ("唔，我想一想再说吧", ["zh"]),
        ("他们之间的关系很好", ["zh"]),
        ("小羊咩咩地叫着", ["zh"]),
        ("打开冷氣", ["zh"]),
        ("我唔知", ["yue"]),
        ("冇問題", ["yue"]),
        # digits, marks and units are the sentence's
        ("我的 iPhone 15", ["zh", "en", "zh"]),
        ("打开 Room 2", ["zh", "en", "zh"]),
        ("室温は 20 °C です", ["ja"]),
        ("重量 5 kg，速度 80 km/h", ["zh"]),
        ("走 3.5km", ["zh"]),
        ("5G 信号", ["zh"]),
        ("A4 纸", ["zh"]),
        ("COVID-19 疫苗", ["en", "zh"]),
        ("100 USD", ["zh"]),
        # an English phrase with its own grammar keeps its digits
        ("他说 I have 3 apples 然后走了", ["zh", "en", "zh"]),
        ("I like 火锅 and 3 beers", ["en", "zh", "en"]),
        # a part of the sentence that has no English word
        ("It is 20 °C, 湿度是 45 %", ["en", "zh"]),
        ("I bought 苹果, 3 个香蕉, and milk", ["en", "zh", "en", "zh", "en"]),
        ("会議室A、B、Cが空いている", ["ja", "en", "ja", "en", "ja", "en", "ja"]),
        ("Living Room 嘅燈", ["en", "yue"]),
        # names are no grammar: the one Chinese character decides
        ("Living Room 灯 2", ["en", "zh"]),
        ("Mr. 王说 OK。", ["en", "zh", "en", "zh"]),
        ("Bluetooth 5.3、USB", ["en", "zh", "en"]),
        ("I have 3 apples。", ["en"]),
        # quotations do not decide
        ("他 3 点说：“I will be back at 5.”", ["zh", "en", "zh"]),
        ("「Hello, world!」と 3 回", ["ja", "en", "ja"]),
        # characters that only look Chinese
        ("荷物が 2 個届きます", ["ja"]),
        ("請求書が到着、没収", ["ja"]),
        ("𠮷野家で", ["ja"]),
        # words that end in signs
        ("用 C++ 写", ["zh", "en", "zh"]),
        ("AT&T 的", ["en", "zh"]),
        # addresses are read in the sentence's language
        ("访问 https://example.com/a1 查看", ["zh"]),
        ("发邮件到 me@example.com 吧", ["zh"]),
        ("查看 sensor.living_room_2 的值", ["zh"]),
        ("see https://example.com now", ["en"]),
        ("https://example.com", ["en"]),
    ],
)
def test_languages(text: str, expected: list[str]) -> None:
    assert [language for language, _ in spans(text)] == expected


def test_digits_inside_an_english_phrase_go_with_it() -> None:
    assert spans("他说 I have 3 apples 然后走了")[1] == ("en", "I have 3 apples")
    assert spans("用 Python 3.11 写") == [("zh", "用"), ("en", "Python"), ("zh", "3.11 写")]
    assert spans("COVID-19 疫苗")[0] == ("en", "COVID-")  # else it would be minus nineteen


def test_a_forced_language_decides_its_own_script() -> None:
    assert spans("東京 3", forced="ja") == [("ja", "東京 3")]
    assert spans("你好 3", forced="yue") == [("yue", "你好 3")]
    assert spans("今天很好", forced="ja") == [("ja", "今天很好")]
    # and not that of others: words in Latin letters stay English, kana stays Japanese
    assert spans("打开 TV 3", forced="zh") == [("zh", "打开"), ("en", "TV"), ("zh", "3")]
    assert spans("ラーメン", forced="zh") == [("ja", "ラーメン")]
    assert spans("你好 3", forced="en") == [("zh", "你好 3")]
    assert spans("I have 3", forced="zh") == [("en", "I have 3")]
    assert spans("Wi-Fi 6", forced="ko") == [("en", "Wi-Fi"), ("ko", "6")]
    assert spans("www.example.com", forced="zh") == [("zh", "www.example.com")]
    assert spans("3m x 4m", forced="zh") == [("zh", "3m x 4m")]
    assert spans("AM 9:00", forced="zh") == [("zh", "AM 9:00")]
    assert spans("灯 5 light", forced="en") == [("zh", "灯"), ("en", "5 light")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_without_letters_is_in_the_forced_or_the_default_language(language: Language) -> None:
    assert spans("25 %", default=language) == [(language, "25 %")]
    assert spans("25 %", forced=language, default="zh") == [(language, "25 %")]


def test_the_default_decides_where_nothing_tells() -> None:
    assert spans("東京", default="ja") == [("ja", "東京")]
    assert spans("你好", default="ja") == [("zh", "你好")]
    assert spans("天氣好", default="yue") == [("yue", "天氣好")]
    assert spans("東京", default="en") == [("zh", "東京")]


def test_earlier_clauses_of_the_sentence_and_the_sentence_before_help() -> None:
    _, _, context = find_spans("今日は、", None, "zh", Context())
    assert spans("最高気温 25 度、東京", context=context) == [("ja", "最高気温 25 度、東京")]
    assert spans("東京 25", context=next_sentence("ja")) == [("ja", "東京 25")]
    assert spans("25", context=next_sentence("ko")) == [("ko", "25")]
    assert spans("好呀 5", context=next_sentence("yue")) == [("yue", "好呀 5")]
    assert spans("我们没有 5", context=next_sentence("yue")) == [("zh", "我们没有 5")]
    _, _, context = find_spans("佢哋返咗屋企，", None, "zh", Context())
    assert spans("食飯 3 次", context=context) == [("yue", "食飯 3 次")]


@given(st.text(max_size=200), st.sampled_from([None, *LANGUAGES]), st.sampled_from(LANGUAGES))
def test_the_spans_are_the_text(text: str, forced: Language | None, default: Language) -> None:
    found, _, _ = find_spans(text, forced, default, Context())
    assert "".join(part for _, part in found) == text
    assert all(first[0] != second[0] for first, second in itertools.pairwise(found))
