"""Opens the graphs of a bundle, and runs them so that they can be stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as errors

from wyoming_cosyvoice.engines.memory import frugal
from wyoming_cosyvoice.engines.watching import watched
from wyoming_cosyvoice.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# The errors of ONNX Runtime share no base class of its own.
_REFUSALS: tuple[type[Exception], ...] = (
    RuntimeError,
    ValueError,
    errors.Fail,
    errors.InvalidArgument,
    errors.InvalidGraph,
    errors.InvalidProtobuf,
    errors.NoSuchFile,
    errors.NotImplemented,
)


def open_session(path: Path, threads: int) -> ort.InferenceSession:
    """Return a session for the graph at `path`, its weights memory-mapped where they lie beside it.

    Raises ModelError if ONNX Runtime refuses the file.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    # Workers that spin for long take a core from the next stage; a short spin keeps them warm between decode steps.
    options.add_session_config_entry("session.intra_op.spin_duration_us", "1000")
    try:
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except _REFUSALS as error:
        reason = str(error).splitlines()[0][:200]
        raise ModelError(f"{path} can't be loaded: {reason}", "Install the model again, or convert it again") from error


class CancelledError(Exception):
    """Nobody listens to this utterance any more."""


def never() -> bool:
    """Return False: nobody cancels."""
    return False


def run_graph(
    session: ort.InferenceSession, output: str, feed: Mapping[str, object], cancelled: Callable[[], bool] = never
) -> Floats:
    """Return one output of a graph.

    Raises CancelledError soon after `cancelled` says so.
    """
    if cancelled():
        raise CancelledError
    options = frugal()
    if cancelled is never:
        plain: Floats = session.run([output], feed, options)[0]
        return plain
    try:
        with watched(options, cancelled):
            result: Floats = session.run([output], feed, options)[0]
    except _REFUSALS:
        if cancelled():
            raise CancelledError from None
        raise
    return result
