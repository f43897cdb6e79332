"""Every error that a user can cause, in one shape for every protocol.

An error says what was wrong, what was expected and what to do. `code` is stable and machine readable, `message` says
what was wrong and what was expected, `hint` what to do. Wyoming sends ``error {text, code}``, HTTP ``{"error": {"code",
"message", "hint"}}`` with `http_status`, the command line one line on stderr.
"""

from __future__ import annotations

from typing import ClassVar


class SpeechError(Exception):
    """What a user can cause, told so that they can mend it."""

    code: ClassVar[str] = "error"
    http_status: ClassVar[int] = 400

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}. {self.hint}" if self.hint else self.message


class BadRequestError(SpeechError):
    """A value is of the wrong type or out of its range."""

    code = "bad-request"


class UnknownVoiceError(SpeechError):
    """No voice of that name is installed."""

    code = "unknown-voice"
    http_status = 404


class UnsupportedLanguageError(SpeechError):
    """No installed voice speaks that language."""

    code = "unsupported-language"


class TextTooLongError(SpeechError):
    """The text is longer than the configured limit."""

    code = "text-too-long"
    http_status = 413


class BusyError(SpeechError):
    """The queue is full; `retry_after` is an estimate in seconds."""

    code = "busy"
    http_status = 429

    def __init__(self, message: str, hint: str = "", retry_after: float = 1.0) -> None:
        super().__init__(message, hint)
        self.retry_after = retry_after


class NoVoiceError(SpeechError):
    """No model is installed, so nothing can be said."""

    code = "no-voice"
    http_status = 503


class SynthesisTimeoutError(SpeechError):
    """A clause took longer than the configured limit."""

    code = "timeout"
    http_status = 504


class EngineError(SpeechError):
    """The engine failed inside; the log has the trace."""

    code = "engine-failed"
    http_status = 500


class StoppingError(SpeechError):
    """The server is shutting down."""

    code = "stopping"
    http_status = 503


class ModelError(SpeechError):
    """A model or checkpoint file is missing, truncated, tampered with, of a newer schema or of the wrong kind."""

    code = "bad-model"
    http_status = 422


class UnknownModelError(ModelError):
    """No model of that name is installed or can be."""

    code = "unknown-model"
    http_status = 404
