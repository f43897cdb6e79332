"""What can go wrong with a server; `key` names the translation that tells the user."""

from __future__ import annotations

from typing import ClassVar


class CosyVoiceError(Exception):
    """A server can't be used, or did not do what was asked."""

    key: ClassVar[str] = "unknown"


class CannotConnectError(CosyVoiceError):
    """Nothing listens there, or the name is unknown."""

    key = "cannot_connect"


class NoAnswerError(CosyVoiceError):
    """Something listens there but did not answer in time."""

    key = "timeout_connect"


class NotWyomingError(CosyVoiceError):
    """What answers does not speak the Wyoming protocol."""

    key = "not_wyoming"


class NoTextToSpeechError(CosyVoiceError):
    """A Wyoming server without text to speech (speech recognition, wake words)."""

    key = "no_tts"


class NotCosyVoiceError(CosyVoiceError):
    """A Wyoming text-to-speech server of another kind."""

    key = "not_cosyvoice"


class ServerTooOldError(CosyVoiceError):
    """A CosyVoice server that lacks what this integration needs."""

    key = "server_too_old"


class InvalidTokenError(CosyVoiceError):
    """The server asks for a token, and this is not it."""

    key = "invalid_auth"


class SpeechFailedError(CosyVoiceError):
    """The server refused or failed to speak; `code` and the text are the server's."""

    key = "server_error"

    def __init__(self, text: str, code: str | None) -> None:
        super().__init__(f"{text} ({code})" if code else text)
        self.code = code


class SpeechCutError(CosyVoiceError):
    """The connection ended before the server said that it had finished: the audio is not whole."""

    key = "speech_cut"


class SpeechStalledError(CosyVoiceError):
    """The server has all the text but sent nothing for too long."""

    key = "speech_stalled"


class WrongFormatError(CosyVoiceError):
    """The server's audio is not in the format that was asked for."""

    key = "wrong_format"
