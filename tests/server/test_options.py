"""Anything that JSON can hold as a request becomes options or a clear error."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_cosyvoice.errors import SpeechError
from wyoming_cosyvoice.server.options import speech_options, text_of
from wyoming_cosyvoice.speech.request import SpeechOptions

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
_NAMES = ("voice", "speaker", "language", "speed", "volume", "style", "seed", "sentence_silence", "sample_rate")


@settings(max_examples=400)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "text": _JSON,
            "text_format": _JSON,
            "voice": _JSON | st.fixed_dictionaries({}, optional=dict.fromkeys(("name", "speaker", "language"), _JSON)),
            "context": _JSON
            | st.fixed_dictionaries({"cosyvoice": st.fixed_dictionaries({}, optional=dict.fromkeys(_NAMES, _JSON))}),
        },
    )
)
def test_any_request_becomes_options_or_an_error(data: dict[str, Any]) -> None:
    try:
        assert isinstance(speech_options(data), SpeechOptions)
    except SpeechError as error:
        message = str(error)
        assert len(message) < 400
    try:
        text_of(data).encode()
    except SpeechError as error:
        message = str(error)
        assert "text" in message


def test_everything_at_once() -> None:
    extra = {
        "language": "zh-TW",
        "speed": 1,
        "volume": 0.5,
        "style": "happy",
        "seed": 3,
        "sentence_silence": 0,
        "sample_rate": 16000,
    }
    data = {
        "voice": {"name": "zh_female_1", "speaker": "calm", "language": "en"},
        "text_format": "ssml",
        "context": {"cosyvoice": extra, "another": 5},
    }
    assert speech_options(data) == SpeechOptions(
        voice="zh_female_1",
        speaker="calm",
        language="zh",
        speed=1.0,
        volume=0.5,
        style="happy",
        seed=3,
        sentence_silence=0.0,
        text_format="ssml",
        sample_rate=16000,
    )


def test_a_language_for_text_that_does_not_tell() -> None:
    told = speech_options({"context": {"cosyvoice": {"language": "auto", "default_language": "zh-HK"}}})
    assert (told.language, told.default_language) == (None, "yue")


@pytest.mark.parametrize("code", ["auto", "AUTO", None, ""])
def test_auto_means_that_the_language_is_found_in_the_text(code: str | None) -> None:
    assert speech_options({"context": {"cosyvoice": {"language": code}}}).language is None
