"""How well each vocoder of a bundle makes sound of a mel.

    script/bench vocoders --bundle DIR [--wav SPEECH.wav]

With recorded speech (mono, 16 bit) its mels are turned back into sound and compared with the recording: the
log-spectral distance, the root mean square over the bins up to 8 kHz of the difference in decibel, averaged over the
frames that are not 50 dB quieter than the loudest. Without it the mels are the bundle's own, and the vocoders are
compared with each other. `mel dB` is how far the mel of the sound lies from the mel that was asked for.
"""

from __future__ import annotations

import argparse
import time
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soxr

from wyoming_cosyvoice.audio.mel import MelScale
from wyoming_cosyvoice.engines.cosyvoice import load
from wyoming_cosyvoice.engines.cosyvoice.lengths import HOP, SAMPLE_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wyoming_cosyvoice.engines.cosyvoice import CosyVoice

    Floats = NDArray[np.float32]

DECIBEL = 20 / np.log(10)
SCALE = MelScale()


def main(argv: list[str]) -> int:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(prog="bench vocoders", description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--wav", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args(argv)
    model = load(arguments.bundle, arguments.threads)
    if arguments.wav:
        reference, named = recording(arguments.wav), "recording"
        mel = SCALE.log_mel(reference)
    else:
        mel = own_mel(model)
        reference, named = model.vocoder(mel), "hift"
    print(f"| vocoder | log-spectral distance from {named}, dB | mel dB | processor s a second |")
    print("|---|---|---|---|")
    for name, vocoder in model.vocoders.items():
        begun = time.process_time()
        samples = vocoder(mel)
        seconds = (time.process_time() - begun) / (len(samples) / SAMPLE_RATE)
        off = np.abs(SCALE.log_mel(samples) - mel).mean() * DECIBEL
        print(f"| {name} | {log_spectral_distance(samples, reference):.2f} | {off:.2f} | {seconds:.2f} |")
    return 0


def recording(path: Path) -> Floats:
    """Read a wave file as [256 T] samples of 22050 Hz."""
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
    resampled: Floats = soxr.resample(samples, rate, SAMPLE_RATE)
    return resampled[: len(resampled) // HOP * HOP]


def own_mel(model: CosyVoice) -> Floats:
    """Return a mel that the bundle's flow makes of random tokens."""
    random = np.random.RandomState(0)
    mu, speaker, cond = model.flow.encode(random.randint(0, 4096, 90).tolist(), next(iter(model.voices.values())))
    return model.flow.solve(mu, speaker, random.standard_normal((80, len(mu))).astype(np.float32), cond)


def log_spectral_distance(samples: Floats, reference: Floats) -> float:
    """Return the distance in decibel; bins above 8 kHz are not in a mel and so don't count."""
    top = int(SCALE.highest / SCALE.sample_rate * SCALE.n_fft)
    ours, theirs = (spectrum(wave_)[:, :top] for wave_ in (samples, reference))
    loud = theirs.max(axis=1) > theirs.max() - 50
    return float(np.sqrt(np.square(ours - theirs).mean(axis=1))[loud].mean())


def spectrum(samples: Floats) -> Floats:
    """Return magnitudes in decibel, [T, bins]."""
    padded = np.pad(samples, SCALE.padding, mode="reflect")
    result: Floats = 20 * np.log10(np.maximum(np.abs(SCALE.spectrum(padded)), 1e-3))
    return result
