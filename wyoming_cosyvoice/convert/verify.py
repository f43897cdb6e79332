"""Running each graph of a new bundle once: does it load, and are its outputs finite and of the right shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnxruntime as ort

from wyoming_cosyvoice.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from wyoming_cosyvoice.store.bundle import LanguageModelSizes, Manifest

_FRAMES = 5
_TOKENS = 3


def verify_graphs(folder: Path, manifest: Manifest) -> None:
    """Raise ModelError naming the first graph whose outputs are not what docs/bundle.md says."""
    rng = np.random.default_rng(0)
    frames = (1, _FRAMES, manifest.flow.mels)
    noise = {name: rng.standard_normal(frames, np.float32) for name in ("x", "mu", "cond")}
    mel = noise["mu"].transpose(0, 2, 1)
    source = rng.uniform(-0.1, 0.1, (1, _FRAMES * manifest.vocoder.hop)).astype(np.float32)
    time = np.zeros((1, manifest.flow.time_width), np.float32)
    speaker = np.zeros((1, manifest.flow.mels), np.float32)
    places = np.zeros(_FRAMES, np.int64)
    encoder_inputs: dict[str, NDArray[np.generic]] = {
        "left": places,
        "right": places,
        "fraction": np.zeros(_FRAMES, np.float32),
    }
    ids = np.arange(_TOKENS, dtype=np.int64)
    checks: tuple[tuple[str, Mapping[str, NDArray[np.generic]], tuple[int, ...]], ...] = (
        ("text_encoder", {"ids": ids}, (_TOKENS, manifest.language_model.width)),
        ("language_model", _language_model_inputs(manifest.language_model), (1, manifest.language_model.vocabulary)),
        ("flow_encoder", {"tokens": ids, **encoder_inputs}, frames[1:]),
        ("flow_time", {"t": np.array([0.5], np.float32)}, time.shape),
        ("flow_estimator", {**noise, "speaker": speaker, "time": time}, frames),
        ("f0", {"mel": mel}, (1, _FRAMES)),
        ("vocoder", {"mel": mel, "source": source}, source.shape),
    )
    for name, inputs, shape in checks:
        # one session at a time: none of them is needed longer, and the language model alone is most of a gigabyte
        output = ort.InferenceSession(str(folder / f"{name}.onnx"), _options()).run(None, dict(inputs))[0]
        if output.shape != shape or not np.isfinite(output).all():
            raise ModelError(
                f"{name}.onnx gave {'values that are not finite' if output.shape == shape else list(output.shape)}"
                f" where {list(shape)} finite values are expected",
                "The checkpoint is not usable; download it again",
            )


def _options() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _language_model_inputs(sizes: LanguageModelSizes) -> dict[str, NDArray[np.generic]]:
    cache = np.zeros((1, sizes.heads, 8, sizes.head_width), np.float32)
    table = np.zeros((sizes.heads, 8, sizes.head_width), np.float32)
    inputs: dict[str, NDArray[np.generic]] = {
        "rows": np.ones((1, _TOKENS, sizes.width), np.float32),
        "last_position": np.array([_TOKENS - 1], np.int32),
    }
    for layer in range(sizes.layers):
        inputs |= {f"past_key_{layer}": cache, f"past_value_{layer}": cache, f"relative_{layer}": table}
    return inputs
