"""The language model's step, the flow's velocity and the vocoder in C.

Each is there where it was compiled and the processor has the instructions.
"""

from wyoming_cosyvoice.engines.cosyvoice.kernel.batch import KernelBatch
from wyoming_cosyvoice.engines.cosyvoice.kernel.decoder import INDEX, KernelDecoder, open_kernel
from wyoming_cosyvoice.engines.cosyvoice.kernel.velocity import FLOW_INDEX, KernelVelocity
from wyoming_cosyvoice.engines.cosyvoice.kernel.wave import WAVE_INDEX, KernelWave

__all__ = [
    "FLOW_INDEX",
    "INDEX",
    "WAVE_INDEX",
    "KernelBatch",
    "KernelDecoder",
    "KernelVelocity",
    "KernelWave",
    "open_kernel",
]
