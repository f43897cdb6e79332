"""Who says a clause: its voice, and, where several voices share a clause, which words are whose."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from wyoming_cosyvoice.engines.engine import Utterance
from wyoming_cosyvoice.errors import UnknownVoiceError
from wyoming_cosyvoice.speech.limits import SPEED, VOLUME, clamp
from wyoming_cosyvoice.text.clause import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wyoming_cosyvoice.engines.engine import Engine, Voice
    from wyoming_cosyvoice.engines.registry import Engines
    from wyoming_cosyvoice.speech.limits import Manner
    from wyoming_cosyvoice.text.clause import Clause, Language

_KEY_VERSION = 1  # raise it when trimming, limiting or the reference loudness change
_LETTERS_A_CHARACTER = 6
"""请播放Taylor Swift的Love Story is Chinese, with four characters of Chinese and twenty letters of English."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one voice says of a clause. `key` names its samples in every cache; `volume` is applied after it."""

    engine: Engine
    voice: Voice
    utterance: Utterance
    key: str
    volume: float


class Cast:
    """Chooses voices for the clauses of one request.

    A request that named neither voice nor language (`settled` False) gets the voice for the main language of its first
    clause, and keeps it.
    """

    def __init__(
        self,
        engines: Engines,
        engine: Engine,
        voice: Voice,
        manner: Manner,
        *,
        speaker: str | None = None,
        best_voice: bool = False,
        settled: bool = True,
    ) -> None:
        self.engine = engine
        self.voice = voice
        self._engines = engines
        self._manner = manner
        self._speaker = _check_speaker(voice, speaker)
        self._best_voice = best_voice
        self.settled = settled

    def parts(self, clause: Clause, *, awaited: bool) -> list[Part]:
        """Divide a clause between voices. `awaited`: it is the first of its text.

        Raises UnknownVoiceError where the text itself (SSML) names a voice that does not exist.
        """
        spans = [span for span in clause.spans if span.spoken.strip() or span.phonemes]
        if not spans:
            return []
        if not self.settled:
            self._settle(spans)
        lead = self._engines.find(clause.voice) if clause.voice else (self.engine, self.voice)
        if not self._best_voice:
            return [self._part(clause, lead, spans, awaited=awaited)]
        voices = [self._best(span.language, lead) for span in spans]
        groups = groupby(zip(voices, spans, strict=True), key=lambda item: item[0])
        return [
            self._part(clause, chosen, [span for _, span in group], awaited=awaited and not index)
            for index, (chosen, group) in enumerate(groups)
        ]

    def _settle(self, spans: list[Span]) -> None:
        self.settled = True
        sizes: Counter[Language] = Counter()
        for span in spans:
            sizes[span.language] += len(span.spoken) * (1 if span.language == "en" else _LETTERS_A_CHARACTER)
        main = sizes.most_common(1)[0][0]
        if main not in self.voice.languages:
            self.engine, self.voice = self._best(main, (self.engine, self.voice))

    def _best(self, language: Language, lead: tuple[Engine, Voice]) -> tuple[Engine, Voice]:
        """Return the lead if it speaks the language natively, else the voice most like it that does."""
        if language in lead[1].languages:
            return lead
        natives = [(engine, voice) for engine, voice in self._engines.voices if language in voice.languages]
        return min(natives, key=lambda other: _distance(lead, other, language), default=lead)

    def _part(self, clause: Clause, chosen: tuple[Engine, Voice], spans: Iterable[Span], *, awaited: bool) -> Part:
        engine, voice = chosen
        manner = self._manner
        speed = round(clamp(manner.speed * clause.speed, SPEED), 3)
        # engines get the words and not how they were written: else "5" and "five" would share a key and differ in sound
        spoken = tuple(Span(span.language, span.spoken, span.spoken, span.phonemes) for span in spans)
        speaker = self._speaker if voice == self.voice else None
        said = [
            [span.language, span.spoken, span.phonemes and [span.phonemes.alphabet, span.phonemes.text]]
            for span in spoken
        ]
        sound: list[object] = [engine.name, engine.revision, voice.id, speaker, speed, manner.style, manner.seed, said]
        awaited = awaited or not engine.hastens
        key = _digest([_KEY_VERSION, *sound, voice.loudness, awaited], 20).hex()
        seed = int.from_bytes(_digest(sound, 4), "little")
        options = {"speaker": speaker} if speaker else {}
        utterance = Utterance(spoken, voice.local_id, speed, manner.style, seed, options, awaited)
        return Part(engine, voice, utterance, key, clamp(manner.volume * clause.volume, VOLUME))


def _distance(lead: tuple[Engine, Voice], other: tuple[Engine, Voice], language: Language) -> tuple[bool, bool, bool]:
    """Compare another voice: the same gender first, then the same engine, then its own language."""
    return lead[1].gender != other[1].gender, lead[0] is not other[0], other[1].languages[0] != language


def _digest(content: list[object], size: int) -> bytes:
    return hashlib.blake2b(json.dumps(content).encode(), digest_size=size).digest()


def _check_speaker(voice: Voice, speaker: str | None) -> str | None:
    if not speaker or speaker in voice.speakers:
        return speaker or None
    known = f"Use one of: {', '.join(voice.speakers)}" if voice.speakers else "This voice has no speakers: leave it out"
    raise UnknownVoiceError(f"The voice {voice.id} has no speaker {speaker[:80]!r}", known)
