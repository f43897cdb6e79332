"""The vocoder in blocks that run side by side, and the crew that runs them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_cosyvoice.engines.cosyvoice import CosyVoice, vocoder
from wyoming_cosyvoice.engines.cosyvoice.crew import Crew
from wyoming_cosyvoice.engines.cosyvoice.sessions import CancelledError
from wyoming_cosyvoice.engines.cosyvoice.vocoder import block_edges

from .conftest import Golden


@given(frames=st.integers(1, 3000), workers=st.integers(1, 8))
def test_blocks_cover_all_frames_once(frames: int, workers: int) -> None:
    edges = block_edges(frames, workers)
    sizes = np.diff(edges)
    assert (edges[0], edges[-1]) == (0, frames)
    assert sizes.min() >= min(frames, 24)
    assert sizes.max() <= 96
    assert sizes.max() - sizes.min() <= 1
    # nobody waits for a last odd block
    assert frames < 48 * workers or len(sizes) % workers == 0


@pytest.mark.parametrize("frames", [24, 70, 150])
def test_a_wave_in_blocks_is_the_wave_in_one(model: CosyVoice, monkeypatch: pytest.MonkeyPatch, frames: int) -> None:
    random = np.random.RandomState(frames)
    mel = random.standard_normal((80, frames)).astype(np.float32)
    source = (0.1 * random.standard_normal(256 * frames)).astype(np.float32)
    blocks = model.vocoder.wave(mel, source)
    monkeypatch.setattr(vocoder, "_LONGEST", 10**6)
    monkeypatch.setattr(vocoder, "_SHORTEST", 10**6)
    whole = model.vocoder.wave(mel, source)
    assert np.abs(blocks - whole).max() < 1e-5


def test_a_crew_keeps_the_order_of_its_work(model: CosyVoice) -> None:
    session = model.flow._time  # any small graph does
    feeds = [{"t": np.array([k / 8], np.float32)} for k in range(8)]
    together = Crew(3).run(session, "time", feeds)
    for feed, rows in zip(feeds, together, strict=True):
        np.testing.assert_array_equal(rows, Crew(1).run(session, "time", [feed])[0])


def test_a_crew_stops_when_nobody_listens(model: CosyVoice, golden: Golden) -> None:
    mu, speaker, cond = model.flow.encode(golden["flow/t60/tokens"].tolist(), golden["flow/t60/embedding"][0])
    noise = np.random.RandomState(0).standard_normal((80, len(mu))).astype(np.float32)
    asked: list[bool] = []

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) > 5

    with pytest.raises(CancelledError):
        model.flow.solve(mu, speaker, noise, cond, steps=100, cancelled=cancelled)
    assert len(asked) < 100
