"""A Chinese voice says English words in a style of its own, at its own level."""

from __future__ import annotations

import numpy as np
import pytest

from wyoming_cosyvoice.audio.loudness import loudness
from wyoming_cosyvoice.engines.kokoro.bilingual import joint
from wyoming_cosyvoice.engines.kokoro.frontend import Frontend, Passage
from wyoming_cosyvoice.engines.kokoro.voices import VOICES, Styles
from wyoming_cosyvoice.text.clause import Language, Span

RATE = 24000


def tone(seconds: float, amplitude: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    time = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


def spans(*parts: tuple[Language, str]) -> list[Span]:
    return [Span(language, text, text) for language, text in parts]


def test_a_passage_is_brought_to_its_level_and_its_silence_is_cut() -> None:
    silent = np.zeros(RATE, np.float32)
    heard = joint(np.concatenate([silent, tone(1, 0.04), silent]), RATE, -23.0, pause=False)
    assert loudness(heard, RATE) == pytest.approx(-23, abs=0.5)
    assert 1.0 < len(heard) / RATE < 1.1


def test_a_passage_without_a_level_keeps_its_own() -> None:
    spoken = tone(1, 0.1)
    assert loudness(joint(spoken, RATE, None, pause=False), RATE) == pytest.approx(loudness(spoken, RATE), abs=0.1)


def test_a_mark_between_two_passages_is_a_pause() -> None:
    spoken = tone(1, 0.1)
    with_pause, without = (joint(spoken, RATE, None, pause=pause) for pause in (True, False))
    assert 0.1 < (len(with_pause) - len(without)) / RATE < 0.3
    assert not with_pause[: RATE // 10].any()


def test_silence_stays_silent() -> None:
    assert not joint(np.zeros(RATE, np.float32), RATE, -20.0, pause=False).any()


def test_english_is_a_passage_of_its_own() -> None:
    found = Frontend().passages(spans(("zh", "打开"), ("en", "Living"), ("en", "Room"), ("zh", "的灯，"), ("en", "OK")))
    assert [(passage.english, passage.pause) for passage in found] == [
        (False, False),
        (True, False),
        (False, False),
        (True, True),
    ]
    assert found[1] == Passage(english=True, phonemes="lˈɪvɪŋ ɹˈum", pause=False)
    assert found[0].phonemes == "ta↓kʰai→"
    assert found[2].phonemes == "tɤ tə→ŋ,"


def test_english_words_inside_another_language_are_found() -> None:
    found = Frontend().passages(spans(("zh", "打开light living room和MP三")))
    assert [passage.english for passage in found] == [False, True, False]
    assert "ˌɛmpˈi" in found[-1].phonemes


def test_a_mark_at_the_beginning_of_a_passage_is_a_pause_too() -> None:
    found = Frontend().passages(spans(("en", "iPhone"), ("zh", "，你的")))
    assert [passage.pause for passage in found] == [False, True]


def test_what_has_no_sound_is_no_passage() -> None:
    assert Frontend().passages(spans(("zh", "☃"), ("en", "…"))) == []
    found = Frontend().passages(spans(("zh", "《"), ("en", "Friends"), ("zh", "》（"), ("en", "HD"), ("zh", "）")))
    assert [passage.phonemes for passage in found] == ["fɹˈɛndz", "ˌAʧdˈi"]


def test_every_chinese_voice_has_an_english_between_two_voices() -> None:
    styles = Styles()
    for voice in VOICES:
        english = styles.english(voice.id, 20)
        assert (english is not None) == (voice.language == "zh")
        if english is not None:
            own = styles.vector(voice.id, 20)
            assert english.shape == own.shape == (1, 256)
            assert not np.array_equal(english, own)
            lender = next(item for item in VOICES if item.source == voice.english)
            assert lender.language == "en"
            assert lender.gender == voice.gender
