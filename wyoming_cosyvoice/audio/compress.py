"""Audio files made block by block: WAV, raw PCM, FLAC, MP3 and Opus.

An encoder is fed int16 samples and returns the bytes that are ready, so that an answer can be sent while it is spoken.
The compressed formats need the `soundfile` package (libsndfile), which the `http` extra installs.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, get_args

import numpy as np
import soxr

from wyoming_cosyvoice.audio.wav import stream_header
from wyoming_cosyvoice.errors import BadRequestError

if TYPE_CHECKING:
    from wyoming_cosyvoice.audio.pcm import Pcm

Format = Literal["wav", "pcm", "flac", "mp3", "opus"]
FORMATS: tuple[Format, ...] = get_args(Format)
CONTENT_TYPES: dict[Format, str] = {
    "wav": "audio/wav",
    "pcm": "audio/pcm",
    "flac": "audio/flac",
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
}
_OPUS_RATES = (8000, 12000, 16000, 24000, 48000)
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


class Encoder(Protocol):
    """Takes samples, gives bytes."""

    def encode(self, samples: Pcm) -> bytes:
        """Return the bytes that are ready after these samples; may be empty."""

    def finish(self) -> bytes:
        """Return the last bytes."""


def open_encoder(audio_format: Format, rate: int) -> Encoder:
    """Return an encoder for mono samples at `rate` hertz.

    Raises BadRequestError where the format needs a package that is not installed.
    """
    if audio_format in {"wav", "pcm"}:
        return _PlainEncoder(rate, header=audio_format == "wav")
    allowed = {"opus": _OPUS_RATES, "mp3": _MP3_RATES, "flac": (rate,)}[audio_format]
    # Opus knows five rates: 22050 Hz becomes 24000 Hz, so that nothing above 11 kHz is lost
    target = next((one for one in allowed if one >= rate), allowed[-1])
    encoder: Encoder = _SoundFileEncoder(_SOUNDFILE[audio_format], target)
    return encoder if target == rate else _ResamplingEncoder(encoder, rate, target)


@dataclass(frozen=True, slots=True)
class _Kind:
    container: str
    subtype: str


_SOUNDFILE = {
    "flac": _Kind("FLAC", "PCM_16"),
    "mp3": _Kind("MP3", "MPEG_LAYER_III"),
    "opus": _Kind("OGG", "OPUS"),
}


class _PlainEncoder:
    def __init__(self, rate: int, *, header: bool) -> None:
        self._head = stream_header(rate, "maximum") if header else b""

    def encode(self, samples: Pcm) -> bytes:
        head, self._head = self._head, b""
        return head + samples.astype("<i2").tobytes()

    def finish(self) -> bytes:
        head, self._head = self._head, b""
        return head


class _ResamplingEncoder:
    def __init__(self, encoder: Encoder, rate: int, target: int) -> None:
        self._encoder = encoder
        self._resampler = soxr.ResampleStream(rate, target, 1, dtype="int16")

    def encode(self, samples: Pcm) -> bytes:
        return self._encoder.encode(self._resampler.resample_chunk(samples))

    def finish(self) -> bytes:
        rest = self._resampler.resample_chunk(np.zeros(0, np.int16), last=True)
        return self._encoder.encode(rest) + self._encoder.finish()


class _SoundFileEncoder:
    """libsndfile writing into memory; what it has written is taken out block by block."""

    def __init__(self, kind: _Kind, rate: int) -> None:
        try:
            import soundfile  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise BadRequestError(
                f"This server cannot make {kind.container}", "Ask for wav or pcm, or install wyoming-cosyvoice[http]"
            ) from error
        self._drain = _Drain()
        # A constant rate for MP3: the length of a variable one stands in a header that is written last, too late for a
        # stream, and players then show a third of the length and stop there.
        more = {"bitrate_mode": "CONSTANT", "compression_level": 0.7} if kind.container == "MP3" else {}
        self._file = soundfile.SoundFile(
            self._drain, "w", samplerate=rate, channels=1, format=kind.container, subtype=kind.subtype, **more
        )

    def encode(self, samples: Pcm) -> bytes:
        self._file.write(samples)
        return self._drain.take()

    def finish(self) -> bytes:
        self._file.close()
        return self._drain.take()


class _Drain(io.RawIOBase):
    """A file that only grows: bytes are handed out once and then forgotten.

    On closing, libsndfile goes back to write the length into the header. Those bytes were sent long ago, so what lies
    before the part still held is dropped; players read such files until their end.
    """

    def __init__(self) -> None:
        super().__init__()
        self._held = bytearray()
        self._taken = 0
        self._position = 0

    def take(self) -> bytes:
        data = bytes(self._held)
        self._taken += len(data)
        self._held.clear()
        return data

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        view = bytes(data)
        start = self._position - self._taken
        self._position += len(view)
        visible = view[max(0, -start) :]
        if visible:
            start = max(0, start)
            self._held[start : start + len(visible)] = visible
        return len(view)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._taken + len(self._held)}[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        del buffer
        return 0
