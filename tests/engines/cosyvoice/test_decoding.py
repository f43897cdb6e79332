"""Rows of a batch: what a row says does not depend on its neighbours."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.engines.cosyvoice.together import TEXTS, alone, prompts, together
from tests.engines.resident import resident_bytes
from wyoming_cosyvoice.engines.cosyvoice import CosyVoice, load
from wyoming_cosyvoice.engines.cosyvoice.decoding import RelativePositions
from wyoming_cosyvoice.errors import BadRequestError, EngineError, ModelError


def test_rows_join_and_leave_between_steps(model: CosyVoice) -> None:
    steps = [30, 12, 25, 7, 18]
    expected = [alone(model, prompt, count) for prompt, count in zip(prompts(model), steps, strict=True)]
    said = together(model, steps, joins_at=[0, 3, 3, 10, 14])
    for (_, seen), (_, logits) in zip(said, expected, strict=True):
        np.testing.assert_allclose(seen, logits, atol=1e-4)
    assert [tokens for tokens, _ in said] == [tokens for tokens, _ in expected]


def test_a_long_utterance_outgrows_the_short_table(model: CosyVoice) -> None:
    prompt = prompts(model)[0]
    long = model.language_model.batch(1)
    logits = long.join(prompt)
    history: list[int] = []
    for _ in range(300):
        history.append(int(logits[:-1].argmax()))
        logits = long.step([history[-1]])[0].copy()
    speech = model.language_model.prompt(
        model.tokenizer.encode(TEXTS[0]), next(iter(model.voices.values())), prompt_speech=history
    )
    at_once, _ = model.language_model.prefill(speech)
    np.testing.assert_allclose(logits, at_once, atol=1e-3)


def test_memory_follows_what_was_said_and_not_what_may_be_said(model: CosyVoice) -> None:
    batch = model.language_model.batch(1000)
    before = resident_bytes()
    batch.join(prompts(model)[0])
    assert resident_bytes() - before < 3e6  # 16 MB with pages of 2 MB, one at least in each of its arrays


def test_limits_are_told(model: CosyVoice) -> None:
    batch = model.language_model.batch(1)
    batch.join(prompts(model)[0])
    assert batch.room(0) == model.language_model.positions - len(prompts(model)[0])
    with pytest.raises(EngineError, match="rows of the batch"):
        batch.join(prompts(model)[1])
    too_long = np.zeros((model.language_model.positions, prompts(model)[0].shape[1]), np.float32)
    with pytest.raises(EngineError, match="does not fit"):
        model.language_model.prefill(too_long)
    with pytest.raises(BadRequestError, match="empty"):
        model.language_model.prompt([], None)


def test_tables_are_as_short_as_they_can_be() -> None:
    table = np.arange(2 * 3 * 1100 * 4, dtype=np.float32).reshape(2, 3, 1100, 4)
    relative = RelativePositions(table)
    sizes = {1: 64, 64: 64, 65: 128, 512: 512, 513: 768, 769: 1024, 1025: 1100}
    assert {length: relative.size_for(length) for length in sizes} == sizes
    part = relative.first(300)
    assert part.dtype == np.float32
    assert part.flags.c_contiguous
    np.testing.assert_array_equal(part, table[:, :, :320])


def test_a_newcomer_does_not_throw_the_table_of_its_neighbours_away() -> None:
    relative = RelativePositions(np.zeros((1, 1, 700, 4), np.float16))
    long = relative.first(250)
    assert relative.first(130) is long
    assert relative.first(30) is not long
    assert relative.first(30).shape == (1, 1, 64, 4)
    assert relative.first(700).shape == (1, 1, 700, 4)


def test_a_table_of_another_layout_is_refused(tiny_bundle: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(tiny_bundle, bundle)
    path = bundle / "relative_positions.npy"
    table = np.load(path)
    np.save(path, table.transpose(0, 1, 3, 2).copy())
    with pytest.raises(ModelError, match=r"relative_positions\.npy"):
        load(bundle)
