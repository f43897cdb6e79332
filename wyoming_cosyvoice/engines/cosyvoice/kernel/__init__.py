"""The language model's step and the vocoder in C, where they were compiled and the processor has the instructions."""

from wyoming_cosyvoice.engines.cosyvoice.kernel.batch import KernelBatch
from wyoming_cosyvoice.engines.cosyvoice.kernel.decoder import INDEX, KernelDecoder, open_kernel
from wyoming_cosyvoice.engines.cosyvoice.kernel.wave import WAVE_INDEX, KernelWave

__all__ = ["INDEX", "WAVE_INDEX", "KernelBatch", "KernelDecoder", "KernelWave", "open_kernel"]
