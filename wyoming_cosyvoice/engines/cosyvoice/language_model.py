"""The language model: text to speech tokens, one token a step (spec section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wyoming_cosyvoice.engines.cosyvoice.decoding import RelativePositions
from wyoming_cosyvoice.engines.cosyvoice.sessions import run_graph
from wyoming_cosyvoice.errors import BadRequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import onnxruntime as ort
    from numpy.typing import NDArray

    from wyoming_cosyvoice.engines.cosyvoice.decoding import DecodeBatch
    from wyoming_cosyvoice.store.bundle import LanguageModelSizes

    Floats = NDArray[np.float32]

_START, _TASK = 0, 1


class LanguageModel:
    """Prompts, prefill and steps. D is the width, V the vocabulary with the end token, its last id."""

    def __init__(
        self,
        text_encoder: ort.InferenceSession,
        batch: Callable[[RelativePositions, Floats, int], DecodeBatch],
        sizes: LanguageModelSizes,
        tables: Mapping[str, Floats],
        relative_positions: NDArray[np.floating],
    ) -> None:
        """`batch` makes one for the positions, the embedding of speech tokens [V, D] and a number of rows."""
        self._text_encoder = text_encoder
        self._batch = batch
        self._sizes = sizes
        self._marks = tables["llm_embedding"]
        self._speech_embedding = tables["speech_embedding"]
        self._speaker_weight = tables["speaker_weight"]
        self._speaker_bias = tables["speaker_bias"]
        self._relative = RelativePositions(relative_positions)

    @property
    def end(self) -> int:
        """The token that ends an utterance."""
        return self._sizes.vocabulary - 1

    @property
    def positions(self) -> int:
        """The longest prompt and utterance together."""
        return self._relative.positions

    def prompt(
        self,
        text_ids: Sequence[int],
        speaker_embedding: Floats | None = None,
        prompt_ids: Sequence[int] = (),
        prompt_speech: Sequence[int] = (),
    ) -> Floats:
        """Return the prompt [L, D].

        `speaker_embedding` [192] is absent in instruct mode; `prompt_ids` are the instruction, or the transcript of
        `prompt_speech` where a voice is copied.
        """
        ids = np.array([*prompt_ids, *text_ids], np.int64)
        if not ids.size:
            raise BadRequestError("The text is empty", "Send at least one word")
        rows = [self._marks[_START : _START + 1]]
        if speaker_embedding is not None and speaker_embedding.size:
            rows.append(speaker_row(speaker_embedding, self._speaker_weight, self._speaker_bias)[None])
        rows.append(run_graph(self._text_encoder, "rows", {"ids": ids}))
        rows.append(self._marks[_TASK : _TASK + 1])
        if len(prompt_speech):
            rows.append(self._speech_embedding[np.asarray(prompt_speech)])
        return np.concatenate(rows).astype(np.float32)

    def prefill(self, prompt: Floats) -> tuple[Floats, DecodeBatch]:
        """Run the model over `prompt` [L, D]; return the logits [V] of what follows and the state for `step`."""
        state = self.batch(1)
        return state.join(prompt), state

    def step(self, token: int, state: DecodeBatch) -> Floats:
        """Feed one speech token; return the logits [V] of what follows it."""
        result: Floats = state.step([token])[0].copy()
        return result

    def batch(self, capacity: int) -> DecodeBatch:
        """Return an empty batch of at most `capacity` rows."""
        return self._batch(self._relative, self._speech_embedding, capacity)

    def release(self) -> None:
        """Give back memory that only long utterances need."""
        self._relative.shrink()


def speaker_row(embedding: Floats, weight: Floats, bias: Floats) -> Floats:
    """Return the affine map of the embedding [192] scaled to unit length."""
    vector = embedding.reshape(-1).astype(np.float64)
    unit = (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)
    return weight @ unit + bias
