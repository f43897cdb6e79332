"""The starter's voices: their ids, and their style vectors."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from wyoming_cosyvoice.engines.engine import Attribution, Voice
from wyoming_cosyvoice.store.shipped import shipped

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from wyoming_cosyvoice.text.clause import Language

ATTRIBUTION = Attribution("hexgrad (Kokoro-82M)", "https://huggingface.co/hexgrad/Kokoro-82M")

_LENT = np.float32(0.7)
"""How much of an English voice there is in a Chinese one's English."""

_NAMES: dict[Language, str] = {"zh": "Chinese", "en": "English", "ja": "Japanese", "ko": "Korean"}


@dataclass(frozen=True, slots=True)
class StarterVoice:
    """One of our voices: `source` is its name in Kokoro, `loudness` that of ``script/bench loudness`` (LUFS).

    `english` is the voice of Kokoro that lends it its English: see `Styles.english`.
    """

    id: str
    source: str
    language: Language
    gender: Literal["female", "male"]
    loudness: float
    english: str = ""

    @property
    def voice(self) -> Voice:
        """The voice as it is advertised."""
        foreign: tuple[Language, ...] = ("ko",) if self.language in {"ja", "ko"} else ()
        note = " (experimental: a Japanese speaker's accent)" if self.language == "ko" else ""
        return Voice(
            id=self.id,
            description=f"{_NAMES[self.language]}, {self.gender}{note}; Kokoro {self.source}",
            languages=(self.language,),
            gender=self.gender,
            attribution=ATTRIBUTION,
            # a source that speaks two languages is known by the id of its own language alone
            aliases=() if self.language == "ko" else (self.source,),
            experimental=foreign + tuple(code for code in ("en", "zh", "ja") if code != self.language),
            loudness=self.loudness,
        )


VOICES: tuple[StarterVoice, ...] = (
    StarterVoice("zh_female_1", "zf_xiaoxiao", "zh", "female", -16.3, english="af_heart"),
    StarterVoice("zh_male_1", "zm_yunxi", "zh", "male", -21.3, english="am_michael"),
    StarterVoice("zh_female_2", "zf_xiaobei", "zh", "female", -20.1, english="af_heart"),
    StarterVoice("zh_male_2", "zm_yunjian", "zh", "male", -20.6, english="am_michael"),
    StarterVoice("en_female_1", "af_heart", "en", "female", -22.0),
    StarterVoice("en_male_1", "am_michael", "en", "male", -23.3),
    StarterVoice("en_female_2", "af_bella", "en", "female", -21.2),
    StarterVoice("en_male_2", "am_fenrir", "en", "male", -18.7),
    StarterVoice("ja_female_1", "jf_alpha", "ja", "female", -19.8),
    StarterVoice("ja_male_1", "jm_kumo", "ja", "male", -20.3),
    StarterVoice("ja_female_2", "jf_gongitsune", "ja", "female", -20.2),
    StarterVoice("ko_male_1", "jm_kumo", "ko", "male", -20.6),
    StarterVoice("ko_female_1", "jf_alpha", "ko", "female", -20.2),
)


class Styles:
    """Style vectors by voice id, read when a voice is first used."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or shipped("starter", "voices.npz")
        self._voices = {item.id: item for item in VOICES}
        self._arrays: dict[str, NDArray[np.float16]] = {}
        self.digest = hashlib.sha256(self._path.read_bytes()).hexdigest()

    def vector(self, voice: str, length: int) -> NDArray[np.float32]:
        """Return the style `[1, 256]` for a phoneme string of `length` symbols."""
        return self._row(self._voices[voice].source, length)

    def english(self, voice: str, length: int) -> NDArray[np.float32] | None:
        """Return the style in which a voice says English words; None if that is the one for everything.

        Kokoro's Chinese voices were trained on Chinese alone: a listener doesn't understand their English. Between one
        of them and an English voice lie styles that know both.
        """
        source, lender = self._voices[voice].source, self._voices[voice].english
        if not lender:
            return None
        return (1 - _LENT) * self._row(source, length) + _LENT * self._row(lender, length)

    def _row(self, source: str, length: int) -> NDArray[np.float32]:
        if source not in self._arrays:
            with np.load(self._path, allow_pickle=False) as file:
                self._arrays[source] = file[source]
        table = self._arrays[source]
        index = min(max(length, 1), len(table)) - 1
        return table[index : index + 1].astype(np.float32)
