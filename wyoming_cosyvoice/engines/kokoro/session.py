"""One ONNX Runtime session for the starter's graph, and running it so that it can be stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnxruntime as ort
from onnxruntime.capi.onnxruntime_pybind11_state import Fail

from wyoming_cosyvoice.engines.kokoro.vocabulary import encode
from wyoming_cosyvoice.engines.memory import frugal, return_freed
from wyoming_cosyvoice.engines.processors import threads_for
from wyoming_cosyvoice.engines.watching import watched

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


DURATIONS = "durations"
"""The output that the patched graphs have and the shipped one has not: frames a symbol."""

FRAME = 600  # samples; Kokoro's hop of 300, twice


class Session:
    """The graph: symbols, style and speed in, samples out.

    `timed` says that it tells when it says which symbol.
    """

    def __init__(self, path: Path, threads: int = 0) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads_for(threads)
        options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = 3
        # a plan of memory is kept for each length of text: no use when every text has another, and 50 MB more at peak
        options.enable_mem_pattern = False
        # each operator that reads a DequantizeLinear would get one of its own, and those before a Transpose be moved
        # behind it, where scales a channel are slow: a fourteenth of the time of the 8-bit graph
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        self._session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        names = [output.name for output in self._session.get_outputs()]
        self._audio = names[0]
        self.timed = DURATIONS in names

    def run(
        self,
        ids: Sequence[int],
        style: NDArray[np.float32],
        speed: float,
        stopped: Callable[[], bool] = lambda: False,
    ) -> NDArray[np.float32] | None:
        """Return the samples of one piece, or None if `stopped` said so while it ran.

        `ids` has both ends marked; `style` is `[1, 256]`. Memory is kept for the next run, until `rest`: asking the
        system for it anew takes a twentieth of the time.
        """
        found = self._run((self._audio,), ids, style, speed, stopped)
        return None if found is None else np.asarray(found[0], np.float32).reshape(-1)

    def run_timed(
        self,
        ids: Sequence[int],
        style: NDArray[np.float32],
        speed: float,
        stopped: Callable[[], bool] = lambda: False,
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]] | None:
        """Return the samples as `run` does, and of each symbol the first sample, then the number of samples.

        Only where it is `timed`.
        """
        found = self._run((self._audio, DURATIONS), ids, style, speed, stopped)
        if found is None:
            return None
        samples = np.asarray(found[0], np.float32).reshape(-1)
        ends = np.cumsum(found[1].reshape(-1)) * FRAME
        return samples, np.concatenate([np.zeros(1, np.int64), np.minimum(ends, len(samples))])

    def rest(self) -> None:
        """Give memory back that was kept for the next run.

        ONNX Runtime does so when a run ends, so this is one of next to nothing: 30 ms.
        """
        self._session.run((self._audio,), _inputs(encode(""), np.zeros((1, 256), np.float32), 5.0), frugal())
        return_freed()

    def _run(
        self,
        outputs: tuple[str, ...],
        ids: Sequence[int],
        style: NDArray[np.float32],
        speed: float,
        stopped: Callable[[], bool],
    ) -> list[NDArray[np.generic]] | None:
        run_options = ort.RunOptions()
        inputs = _inputs(ids, style, speed)
        with watched(run_options, stopped):
            try:
                found: list[NDArray[np.generic]] = self._session.run(outputs, inputs, run_options)
            except Fail:  # what it raises when it was terminated, among other things
                if stopped():
                    return None
                raise
        return found


def _inputs(ids: Sequence[int], style: NDArray[np.float32], speed: float) -> dict[str, NDArray[np.generic]]:
    return {"tokens": np.array([ids], np.int64), "style": style, "speed": np.array([speed], np.float32)}
