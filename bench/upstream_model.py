"""A stand-in for upstream's PyTorch model: its operations in its order, float32, eager. Part of `bench upstream`.

Written from a description of what upstream's code (FunAudioLLM/CosyVoice at ace7c47) computes and what it spends on it;
no line is taken from there. What upstream does and a fast implementation would not is kept: the terms of relative
positions are projected anew for all 2 L - 1 positions in every layer at every token, the cache of keys and values is
put together again at every token, both rows of the guidance go through the estimator as one batch, with masks of ones
and a bias of zeros. Where the description leaves a choice, the cheaper one is taken: the weight norm of the vocoder is
folded when it is loaded, attention in the estimator is PyTorch's fused one.

The stages take and return numpy arrays and have the methods of ours, so that `bench parity` compares them as it does
ours. They are to be called in `torch.inference_mode()`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F  # noqa: N812 - everybody calls it so

from bench.upstream_layers import TEXT_ENCODER, TRANSFORMER, Encoder, Weights
from bench.upstream_sound import Flow, Vocoder
from wyoming_cosyvoice.convert.parts import head_width_in

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


class LanguageModel:
    """Text ids to speech tokens."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._text = Encoder(weights.under("text_encoder."), TEXT_ENCODER)
        self._llm = Encoder(weights.under("llm."), TRANSFORMER)
        self.end = len(weights["llm_decoder.bias"]) - 1

    def prompt(
        self,
        ids: Sequence[int],
        embedding: Floats | None,
        prompt_ids: Sequence[int] = (),
        prompt_speech: Sequence[int] = (),
    ) -> Any:
        """Return the prompt [L, D]."""
        text = F.embedding(torch.tensor([[*prompt_ids, *ids]]), self._weights["text_embedding.weight"])
        text = self._weights.linear("text_encoder_affine_layer", self._text(text)[0])[0]
        marks = self._weights["llm_embedding.weight"]
        rows = [marks[:1], *(() if embedding is None else (self._weights.speaker(embedding),)), text, marks[1:2]]
        if len(prompt_speech):
            rows.append(F.embedding(torch.tensor([*prompt_speech]), self._weights["speech_embedding.weight"]))
        return torch.cat(rows).numpy()

    def prefill(self, prompt: Floats) -> tuple[Any, list[torch.Tensor]]:
        """Return the logits [V] after `prompt` [L, D], and the state for `step`."""
        state: list[torch.Tensor] = []
        return self._after(torch.from_numpy(prompt).unsqueeze(0), state), state

    def step(self, token: int, state: list[torch.Tensor]) -> Any:
        """Return the logits [V] after one more token."""
        return self._after(F.embedding(torch.tensor([[token]]), self._weights["speech_embedding.weight"]), state)

    def _after(self, rows: torch.Tensor, state: list[torch.Tensor]) -> Any:
        hidden, cache = self._llm(rows, *state)
        state[:] = [cache]
        return self._weights.linear("llm_decoder", hidden[:, -1])[0].numpy()


class Sampler:
    """Draws from the nucleus, or from everything else if the drawn token was said a moment ago."""

    def draw(self, logits: Floats, history: Sequence[int], u1: float, u2: float, allow_end: bool) -> int:
        """Return an id of `logits` [V]; uniforms stand in for torch.multinomial, which takes as long."""
        scores = torch.from_numpy(logits).log_softmax(0)
        if not allow_end:
            scores[-1] = -math.inf
        values, order = scores.softmax(0).sort(descending=True, stable=True)
        total, taken = torch.zeros(()), 0
        while taken < 25 and bool(total < 0.8):
            total = total + values[taken]
            taken += 1
        token = int(order[_pick(values[:taken], u1)])
        if sum(said == token for said in history[-10:]) >= 1:
            scores[token] = -math.inf
            token = _pick(scores.softmax(0), u2)
        return token


def _pick(weights: torch.Tensor, uniform: float) -> int:
    sums = weights.double().cumsum(0)
    return min(int(torch.searchsorted(sums, uniform * sums[-1], right=True)), len(sums) - 1)


@dataclass(frozen=True)
class Upstream:
    """The stages, named as ours are."""

    language_model: LanguageModel
    sampler: Sampler
    flow: Flow
    vocoder: Vocoder
    voices: dict[str, Any]


def load(folder: Path, threads: int) -> Upstream:
    """Load a checkpoint's folder, to run on so many threads."""
    torch.set_num_threads(threads)
    llm, flow, hift, voices = (
        torch.load(folder / f"{name}.pt", map_location="cpu", weights_only=True)
        for name in ("llm", "flow", "hift", "spk2info")
    )
    return Upstream(
        LanguageModel(Weights(llm)),
        Sampler(),
        Flow(Weights(flow), head_width_in(folder)),
        Vocoder(Weights(hift)),
        {name: voice["embedding"].numpy().reshape(-1) for name, voice in voices.items()},
    )
