"""The decode kernel: what ONNX Runtime makes of the same weights, to the last bit the same however it is run."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.conftest import convert_tiny
from tests.engines.cosyvoice.bent import with_index
from tests.engines.cosyvoice.together import alone, prompts, together
from wyoming_cosyvoice.engines.cosyvoice import CosyVoice, load
from wyoming_cosyvoice.engines.cosyvoice import model as loading
from wyoming_cosyvoice.engines.cosyvoice.kernel import INDEX, KernelBatch, open_kernel
from wyoming_cosyvoice.engines.cosyvoice.kernel.decoder import LANES
from wyoming_cosyvoice.errors import EngineError, ModelError

Floats = NDArray[np.float32]

KERNEL = open_kernel()
pytestmark = pytest.mark.skipif(KERNEL is None, reason="no decode kernel: no C compiler at installation, or no AVX2")


@pytest.fixture(scope="module", params=["int8", "int4"])
def bundle(
    request: pytest.FixtureRequest,
    tiny_checkpoint: Path,
    tiny_int8_bundle: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    if request.param == "int8":
        return tiny_int8_bundle
    return convert_tiny(tiny_checkpoint, tmp_path_factory.mktemp("bundles") / "tiny_int4", "int4")


@pytest.fixture
def opened(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., CosyVoice]:
    """Load the bundle with so many threads, and with instructions of a lesser processor (0: ONNX Runtime's own)."""

    def open_with(vectors: int | None = None, threads: int = 2) -> CosyVoice:
        monkeypatch.setattr(loading, "open_kernel", lambda: open_kernel(vectors) if vectors != 0 else None)
        return load(bundle, threads)

    return open_with


def spoken(model: CosyVoice, steps: int, rows: int, *, beside: bool = False) -> list[Floats]:
    """Return the logits [V] of the first prompt's row for tokens that are given, with `rows` rows in the batch."""
    batch = model.language_model.batch(rows)
    seen = [batch.join(prompt, beside=beside) for prompt in prompts(model)[:rows]][:1]
    for step in range(steps):
        tokens = [(37 * step + 11 * row) % 4096 for row in range(rows)]
        seen.append(batch.step(tokens, beside=beside)[0].copy())
    return seen


def test_it_is_used_where_the_bundle_lists_its_weights(opened: Callable[..., CosyVoice]) -> None:
    assert isinstance(opened().language_model.batch(1), KernelBatch)
    assert not isinstance(opened(0).language_model.batch(1), KernelBatch)


def test_a_bundle_from_before_is_decoded_by_onnx_runtime(bundle: Path, tmp_path: Path) -> None:
    old = with_index(bundle, tmp_path / "old", INDEX, None)
    assert not isinstance(load(old).language_model.batch(1), KernelBatch)


def test_it_is_as_near_to_float32_as_onnx_runtime(opened: Callable[..., CosyVoice], model: CosyVoice) -> None:
    exact, ours, theirs = (spoken(one, 40, 1) for one in (model, opened(), opened(0)))
    for one, other in zip(ours, theirs, strict=True):
        # not bit for bit: both round activations to 8 bits, of sums that differ in their last bits
        assert np.corrcoef(one, other)[0, 1] > 0.999
    assert distance(ours, exact) < 1.1 * distance(theirs, exact)


def distance(some: list[Floats], others: list[Floats]) -> float:
    return float(np.sqrt(np.mean(np.square(np.stack(some) - np.stack(others)))))


def test_neighbours_threads_and_instructions_change_no_bit(opened: Callable[..., CosyVoice]) -> None:
    expected = spoken(opened(), 20, 1)
    others = [
        spoken(opened(), 20, 2),
        spoken(opened(), 20, 3, beside=True),
        spoken(opened(threads=1), 20, 4),
        spoken(opened(1), 20, 4),
        spoken(opened(1, threads=3), 20, 1),
    ]
    for other in others:
        assert all(np.array_equal(one, two) for one, two in zip(expected, other, strict=True))


def test_rows_join_and_leave_between_steps(opened: Callable[..., CosyVoice]) -> None:
    model = opened()
    steps = [30, 12, 25, 7, 18]
    expected = [alone(model, prompt, count) for prompt, count in zip(prompts(model), steps, strict=True)]
    said = together(model, steps, joins_at=[0, 3, 3, 10, 14])
    assert [tokens for tokens, _ in said] == [tokens for tokens, _ in expected]
    for (_, seen), (_, logits) in zip(said, expected, strict=True):
        assert np.array_equal(seen, logits)


def test_more_rows_than_a_call_takes(opened: Callable[..., CosyVoice]) -> None:
    model = opened()
    count = LANES + 3
    batch = model.language_model.batch(count)
    prompt = prompts(model)[0]
    for _ in range(count):
        batch.join(prompt)
    logits = batch.step([5] * count)
    assert logits.shape == (count, model.manifest.language_model.vocabulary)
    assert all(np.array_equal(row, logits[0]) for row in logits)


def test_a_prompt_of_several_calls(opened: Callable[..., CosyVoice]) -> None:
    model = opened()
    prompt = np.concatenate(prompts(model)[:2] * LANES)[: 2 * LANES + 5]
    assert len(prompt) == 2 * LANES + 5
    theirs = opened(0).language_model.batch(1).join(prompt)
    assert np.corrcoef(model.language_model.batch(1).join(prompt), theirs)[0, 1] > 0.999


def test_what_a_batch_can_not_do_is_said(opened: Callable[..., CosyVoice]) -> None:
    model = opened()
    batch = model.language_model.batch(1)
    prompt = prompts(model)[0]
    with pytest.raises(EngineError, match="does not fit into"):
        batch.join(np.zeros((0, prompt.shape[1]), np.float32))
    batch.join(prompt)
    assert batch.room(0) == model.language_model.positions - len(prompt)
    with pytest.raises(EngineError, match="All 1 rows of the batch are taken"):
        batch.join(prompt)
    with pytest.raises(ValueError, match="2 tokens for 1 rows"):
        batch.step([1, 2])
    for _ in range(batch.room(0)):
        batch.step([7])
    with pytest.raises(EngineError, match="longer than"):
        batch.step([7])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda index: "{", "can't be read"),
        (lambda index: json.dumps({}), "lists 0 tensors"),
        (lambda index: json.dumps({k: v for k, v in index.items() if "norm1" not in k}), "does not say where"),
        (lambda index: json.dumps({k: v | {"offset": 1 << 40} for k, v in index.items()}), "does not say where"),
        (lambda index: json.dumps({k: v | {"shape": [7]} for k, v in index.items()}), r"is \[7\], which is no weight"),
        (
            lambda index: json.dumps({k: v | ({"shape": [7]} if "norm" in k else {}) for k, v in index.items()}),
            r"is \[7\] where",
        ),
    ],
)
def test_an_index_that_lies_is_refused(bundle: Path, tmp_path: Path, change: Callable[..., str], message: str) -> None:
    bent = with_index(bundle, tmp_path / "bent", INDEX, change(json.loads((bundle / INDEX).read_text("utf-8"))))
    with pytest.raises(ModelError, match=message):
        load(bent)
