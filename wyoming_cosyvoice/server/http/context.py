"""What every endpoint needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wyoming_cosyvoice.config import Config
    from wyoming_cosyvoice.server.http.guard import Guard
    from wyoming_cosyvoice.speech.service import SpeechService


@dataclass(frozen=True, slots=True)
class Context:
    """The service, the configuration and who may do what."""

    service: SpeechService
    config: Config
    guard: Guard

    @property
    def max_body(self) -> int:
        """Bytes of a request's body: the longest text with every character escaped, and the other fields."""
        return self.config.max_text_length * 12 + 65536
