"""What can keep the server from starting."""

from __future__ import annotations

from typing import ClassVar

from wyoming_cosyvoice.errors import SpeechError


class ListenError(SpeechError):
    """The address can't be listened on."""

    code: ClassVar[str] = "cannot-listen"
    http_status: ClassVar[int] = 500


class MissingExtraError(SpeechError):
    """A package that was not installed is needed for what was asked."""

    code: ClassVar[str] = "missing-extra"
    http_status: ClassVar[int] = 501
