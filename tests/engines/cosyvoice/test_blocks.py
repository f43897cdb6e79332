"""The vocoder in blocks that run side by side, and the crew that runs them."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_cosyvoice.engines.cosyvoice import CosyVoice, load
from wyoming_cosyvoice.engines.cosyvoice.crew import Crew
from wyoming_cosyvoice.engines.cosyvoice.schedule import QUALITIES
from wyoming_cosyvoice.engines.cosyvoice.sessions import CancelledError, open_session
from wyoming_cosyvoice.engines.cosyvoice.vocoder import Vocoder, block_edges, wave_graphs

from .conftest import Golden


@given(frames=st.integers(1, 3000), workers=st.integers(1, 8), longest=st.integers(64, 256))
def test_blocks_cover_all_frames_once(frames: int, workers: int, longest: int) -> None:
    edges = block_edges(frames, workers, longest)
    sizes = np.diff(edges)
    assert (edges[0], edges[-1]) == (0, frames)
    assert min(frames, 24) <= sizes.min()
    assert sizes.max() <= longest
    assert sizes.max() - sizes.min() <= 1
    # nobody waits for a last odd block
    assert frames < 48 * workers or len(sizes) % workers == 0


@pytest.mark.parametrize("frames", [1, 24, 49, 150, 300])
@pytest.mark.parametrize("halves", [True, False])
def test_a_wave_in_blocks_is_the_wave_in_one(tiny_bundle: Path, model: CosyVoice, frames: int, halves: bool) -> None:
    random = np.random.RandomState(frames)
    mel = random.standard_normal((80, frames)).astype(np.float32)
    source = (0.1 * random.standard_normal(256 * frames)).astype(np.float32)

    def open_graph(name: str) -> ort.InferenceSession:
        return open_session(tiny_bundle / f"{name}.onnx", 1)

    (whole,) = open_graph("vocoder").run(None, {"mel": mel[None], "source": source[None]})
    names = ["vocoder", "vocoder_coarse", "vocoder_fine"] if halves else ["vocoder"]
    graphs = wave_graphs(open_graph, names)
    assert len(graphs) == (2 if halves else 1)
    tables = {"source_weight": np.ones(9, np.float32), "source_bias": np.zeros(1, np.float32)}
    for threads in (1, 2, 3):
        blocks = Vocoder(model.vocoder._f0, graphs, tables, Crew(threads)).wave(mel, source)
        assert blocks.shape == whole[0].shape
        assert np.abs(blocks - whole[0]).max() < 1e-5


def test_a_crew_keeps_the_order_of_its_work(model: CosyVoice) -> None:
    session = model.flow._time  # any small graph does
    feeds = [{"t": np.array([k / 8], np.float32)} for k in range(8)]
    together = Crew(3).run(session, "time", feeds)
    for feed, rows in zip(feeds, together, strict=True):
        np.testing.assert_array_equal(rows, Crew(1).run(session, "time", [feed])[0])


def test_a_crew_stops_when_nobody_listens(model: CosyVoice, golden: Golden) -> None:
    mu, speaker, cond = model.flow.encode(golden["flow/t60/tokens"].tolist(), golden["flow/t60/embedding"][0])
    noise = np.random.RandomState(0).standard_normal((80, len(mu))).astype(np.float32)
    listener = Leaving(5)
    with pytest.raises(CancelledError):
        model.flow.solve(mu, speaker, noise, cond, steps=100, turn=listener)
    assert listener.asked < 100


class Leaving:
    """A listener who leaves after so many questions."""

    rank = (0, 0)

    def __init__(self, questions: int) -> None:
        self.asked = 0
        self._questions = questions

    @property
    def cancelled(self) -> bool:
        self.asked += 1
        return self.asked > self._questions


@pytest.mark.parametrize("threads", [1, 3, 4])
def test_any_number_of_threads_makes_the_same_sound(
    tiny_bundle: Path, model: CosyVoice, golden: Golden, threads: int
) -> None:
    other = load(tiny_bundle, threads)
    mu, speaker, cond = model.flow.encode(golden["flow/t60/tokens"].tolist(), golden["flow/t60/embedding"][0])
    noise = np.random.RandomState(1).standard_normal((80, len(mu))).astype(np.float32)
    plan = QUALITIES["balanced"]
    mel = model.flow.solve(mu, speaker, noise, cond, plan=plan)
    np.testing.assert_allclose(other.flow.solve(mu, speaker, noise, cond, plan=plan), mel, atol=1e-3)
    # of one source: its phase is a running sum, in which the rounding of f0 adds up
    source = (0.1 * np.random.RandomState(2).standard_normal(256 * len(mu))).astype(np.float32)
    # processors without AVX-512 round blocks of another shape differently, by 1.4e-5 here; a block cut two frames too
    # short is 2.5e-3 off
    np.testing.assert_allclose(other.vocoder.wave(mel, source), model.vocoder.wave(mel, source), atol=1e-4)
