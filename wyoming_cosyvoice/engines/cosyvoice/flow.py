"""The flow: speech tokens to mel, by integrating a learned velocity from noise (spec sections 6 to 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.engines.cosyvoice.crew import UNHURRIED
from wyoming_cosyvoice.engines.cosyvoice.language_model import speaker_row
from wyoming_cosyvoice.engines.cosyvoice.lengths import MELS
from wyoming_cosyvoice.engines.cosyvoice.regulator import frame_positions
from wyoming_cosyvoice.engines.cosyvoice.schedule import euler
from wyoming_cosyvoice.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import onnxruntime as ort
    from numpy.typing import NDArray

    from wyoming_cosyvoice.engines.cosyvoice.crew import Crew, Run, Turn
    from wyoming_cosyvoice.engines.cosyvoice.schedule import FlowPlan

    Floats = NDArray[np.float32]

GUIDANCE = np.float32(0.7)


class Flow:
    """Encoder and ODE. T counts the frames of a prompt, where there is one, and the new ones."""

    def __init__(
        self,
        encoder: ort.InferenceSession,
        time: ort.InferenceSession,
        estimator: Run[Floats],
        tables: Mapping[str, Floats],
        crew: Crew,
    ) -> None:
        """Let the crew run the estimator on both rows of guidance at once; it makes the velocity of a feed."""
        self._crew = crew
        self._encoder = encoder
        self._time = time
        self._estimator = estimator
        self._speaker_weight = tables["flow_speaker_weight"]
        self._speaker_bias = tables["flow_speaker_bias"]

    def encode(
        self,
        tokens: Sequence[int],
        speaker_embedding: Floats,
        prompt_tokens: Sequence[int] = (),
        prompt_mel: Floats | None = None,
        *,
        turn: Turn = UNHURRIED,
    ) -> tuple[Floats, Floats, Floats]:
        """Return `mu` [T, 80], `speaker` [80] and `cond` [80, T] for speech tokens.

        `prompt_mel` [frames, 80] belongs to `prompt_tokens` where a voice is copied; [80, frames] is taken as well.
        """
        if prompt_mel is not None and prompt_mel.shape[1] != MELS:
            prompt_mel = prompt_mel.T
        prompt_frames = 0 if prompt_mel is None else len(prompt_mel)
        where = frame_positions(len(tokens), len(prompt_tokens), prompt_frames)
        if not len(tokens) or not where.left.size:
            raise EngineError("There are no speech tokens to make sound of")
        ids = np.maximum(np.array([*prompt_tokens, *tokens], np.int64), 0)
        feed = {"tokens": ids, "left": where.left, "right": where.right, "fraction": where.fraction}
        mu = self._crew.run(self._encoder, "mu", [feed], turn)[0]
        cond = np.zeros((MELS, len(mu)), np.float32)
        if prompt_mel is not None:
            cond[:, :prompt_frames] = prompt_mel.T
        return mu, speaker_row(speaker_embedding, self._speaker_weight, self._speaker_bias), cond

    def solve(
        self,
        mu: Floats,
        speaker: Floats,
        noise: Floats,
        cond: Floats | None = None,
        steps: int = 10,
        *,
        plan: FlowPlan | None = None,
        turn: Turn = UNHURRIED,
    ) -> Floats:
        """Return the mel [80, T], prompt frames included, that `noise` [80, T] flows to.

        Takes `steps` Euler steps with guidance, or those of `plan`. Raises CancelledError soon after `turn`
        was cancelled.
        """
        plan = plan or euler(steps)
        times = np.array(plan.times, np.float32)
        rows = self._time.run(["time"], {"t": times[:-1]})[0]
        known = np.zeros_like(mu) if cond is None else np.ascontiguousarray(cond.T)
        conditioned = {"mu": mu[None], "cond": known[None], "speaker": speaker[None]}
        free = {name: np.zeros_like(value) for name, value in conditioned.items()}
        x = np.ascontiguousarray(noise.T, np.float32)
        guidance = np.zeros_like(x)
        for k in range(plan.steps):
            point = {"x": x[None], "time": rows[k : k + 1]}
            feeds = [conditioned | point, free | point] if plan.guided[k] else [conditioned | point]
            velocity, *without = self._crew.each(self._estimator, feeds, turn)
            if without:
                guidance = GUIDANCE * (velocity[0] - without[0][0])
            x = x + (times[k + 1] - times[k]) * (velocity[0] + guidance)
        return np.ascontiguousarray(x.T)
