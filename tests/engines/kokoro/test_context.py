"""The Chinese around English words is one recording, cut into whole passages and nothing else."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wyoming_cosyvoice.engines.kokoro.context import apart, cut, grouped, in_context
from wyoming_cosyvoice.engines.kokoro.frontend import Passage
from wyoming_cosyvoice.engines.kokoro.vocabulary import MAX_PIECE

RATE = 24000
STAND_IN = "ʈək"
SYMBOL = 1200  # samples of a symbol in made-up recordings


def passage(english: bool, phonemes: str) -> Passage:
    return Passage(english, phonemes, pause=False)


OPEN, LIVING_ROOM, LAMP = passage(False, "ta↓kʰai→"), passage(True, "lˈɪvɪŋ ɹˈum"), passage(False, "tɤ tə→ŋ.")


def test_the_chinese_is_written_as_one_with_a_word_for_the_english() -> None:
    context = in_context([OPEN, LIVING_ROOM, LAMP], STAND_IN)
    assert context.phonemes == "ta↓kʰai→, ʈək, tɤ tə→ŋ."
    assert [context.phonemes[begin:end] for begin, end in context.places] == ["ta↓kʰai→", "tɤ tə→ŋ"]


def test_english_in_front_keeps_the_chinese_from_being_the_beginning() -> None:
    context = in_context([LIVING_ROOM, LAMP], STAND_IN)
    assert context.phonemes == "ʈək, tɤ tə→ŋ."
    assert [context.phonemes[begin:end] for begin, end in context.places] == ["tɤ tə→ŋ"]


def test_nothing_is_said_for_english_at_the_end() -> None:
    context = in_context([OPEN, LIVING_ROOM], STAND_IN)
    assert context.phonemes == "ta↓kʰai→,"
    assert context.places == ((0, len("ta↓kʰai→")),)


def test_a_mark_that_was_there_is_kept() -> None:
    assert in_context([passage(False, "xau↓!"), LIVING_ROOM], STAND_IN).phonemes == "xau↓!"


def recording(phonemes: str) -> tuple[np.ndarray, np.ndarray]:
    """Return a recording in which each symbol is its own number and marks and spaces are silent, and its times."""
    values = [0.0, *(0.0 if symbol in ", ." else 1.0 + place for place, symbol in enumerate(phonemes)), 0.0]
    samples = np.repeat(np.array(values, np.float32), SYMBOL)
    return samples, np.arange(len(values) + 1, dtype=np.int64) * SYMBOL


passages = st.lists(
    st.builds(passage, st.booleans(), st.text("abcdefgh", min_size=1, max_size=60)), min_size=1, max_size=12
)


@given(passages)
def test_each_passage_is_cut_out_whole_and_alone(found: list[Passage]) -> None:
    context = in_context(found, STAND_IN)
    samples, starts = recording(context.phonemes)
    parts = cut(samples, starts, context, RATE)
    assert len(parts) == sum(not item.english for item in found)
    for part, (begin, end) in zip(parts, context.places, strict=True):
        said = [place for place in range(begin, end) if context.phonemes[place] not in ", ."]
        heard = part[part > 0]
        np.testing.assert_array_equal(heard, np.repeat(np.array(said, np.float32) + 1, SYMBOL))


def test_the_cut_lies_where_it_is_quietest() -> None:
    context = in_context([OPEN, LIVING_ROOM, LAMP], STAND_IN)
    samples, starts = recording(context.phonemes)
    samples[:] = 1
    comma = starts[len("ta↓kʰai→") + 1]
    samples[comma + 1000 : comma + 1240] = 0
    (first, _) = cut(samples, starts, context, RATE)
    assert len(first) == comma + 1120


@given(passages)
def test_groups_lose_nothing_and_fit(found: list[Passage]) -> None:
    groups = list(grouped(found, STAND_IN))
    assert [item for group in groups for item in group] == found
    for group in groups:
        assert len(in_context(group, STAND_IN).phonemes) <= MAX_PIECE
    for before, behind in pairwise(groups):
        assert not (before[-1].english and len(before) > 1), "English words belong to what follows them"
        assert behind


def test_without_a_context_commas_show_where_chinese_goes_on() -> None:
    found = [item.phonemes for item in apart([OPEN, LIVING_ROOM, LAMP])]
    assert found == ["ta↓kʰai→,", "lˈɪvɪŋ ɹˈum", ", tɤ tə→ŋ."]
