"""English phonemes: the dictionary, inflection, abbreviations, names, unknown words, and context."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_cosyvoice.engines.kokoro.english import English


@pytest.fixture(scope="module")
def english() -> English:
    return English()


@pytest.mark.parametrize(
    ("text", "phonemes"),
    [
        ("light", "lˈIt"),
        ("Living Room", "lˈɪvɪŋ ɹˈum"),
        ("USB", "jˌuˌɛsbˈi"),
        ("LEDs", "ˌɛlˌidˈiz"),
        ("NASA", "nˈæsə"),
        ("HVAC", "ˈAʧvˌæk"),
        ("Wi-Fi", "wˈIfˌI"),
        ("WiFi", "wˈIfˌI"),
        ("ChatGPT", "ʧˈæt ʤˌipˌitˈi"),
        ("iPhone", "ˈIfˈOn"),
        ("Xbox", "ˈɛksbˌɑks"),
        ("NAS", "nˈæs"),
        ("Node-RED", "nˈOd ɹˈɛd"),
        ("HEPA", "hˈɛpə"),
        ("TV", "tˌivˈi"),
        ("thermostats", "θˈɜɹməstˌæts"),
        ("café", "kæfˈA"),
        ("Sinatra", "sɪnˈɑtɹə"),
        ("Beyoncé", "biˈɑnsˌA"),
        ("Gmail", "ʤˈimˌAl"),
        ("WARNING FIRE", "wˈɔɹnɪŋ fˈIəɹ"),
        ("BMW", "bˌiˌɛmdˈʌbᵊlju"),
    ],
)
def test_words(english: English, text: str, phonemes: str) -> None:
    assert english.phonemes(text).strip() == phonemes


def test_articles_depend_on_the_next_sound(english: English) -> None:
    assert english.phonemes("the door").startswith("ðə d")
    assert english.phonemes("the oven").startswith("ði ˈʌ")
    assert english.phonemes("an hour").startswith("ɐn ")


def test_parts_of_speech(english: English) -> None:
    assert "ɹəkˈɔɹd" in english.phonemes("please record the show")
    assert "ɹˈɛkəɹd" in english.phonemes("a new record")
    assert "klˈOz" in english.phonemes("Close the garage door.")
    assert "klˈOs" in english.phonemes("it is very close")


def test_unknown_words_are_guessed_not_dropped(english: English) -> None:
    assert english.phonemes("zorbex").strip()
    assert english.phonemes("xkcd").strip() == english.letters("xkcd")


def test_marks_stay_where_they_were(english: English) -> None:
    assert english.phonemes("Yes, now!") == "jˈɛs, nˈW! "


@given(st.text(max_size=60))
def test_no_text_raises(english: English, text: str) -> None:
    assert isinstance(english.phonemes(text), str)
