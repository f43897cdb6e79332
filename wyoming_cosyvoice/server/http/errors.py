"""Every error as ``{"error": {"code", "message", "hint"}}``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from wyoming_cosyvoice.errors import BusyError, SpeechError
from wyoming_cosyvoice.server.http.schema import ErrorDetail, ErrorResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

JSON = "application/json"


class UnauthorizedError(SpeechError):
    """The bearer token is missing or wrong."""

    code: ClassVar[str] = "unauthorized"
    http_status: ClassVar[int] = 401


class ForbiddenError(SpeechError):
    """The server was started without a token, so nobody may change it over HTTP."""

    code: ClassVar[str] = "forbidden"
    http_status: ClassVar[int] = 403


class RateLimitError(BusyError):
    """One address asks too often."""

    code: ClassVar[str] = "rate-limit"


class MediaTypeError(SpeechError):
    """The body is not JSON."""

    code: ClassVar[str] = "media-type"
    http_status: ClassVar[int] = 415


class BodyTooLargeError(SpeechError):
    """The body is larger than the limit."""

    code: ClassVar[str] = "body-too-large"
    http_status: ClassVar[int] = 413


def json_response(value: msgspec.Struct, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a struct as JSON."""
    return Response(msgspec.json.encode(value), status, dict(headers or {}), JSON)


def error_body(error: SpeechError) -> ErrorResponse:
    """Return what clients get for an error."""
    return ErrorResponse(ErrorDetail(error.code, error.message, error.hint))


def speech_error(_request: Request, error: Exception) -> Response:
    """Answer a `SpeechError`."""
    assert isinstance(error, SpeechError)  # noqa: S101 - registered for this class alone
    headers = {}
    if isinstance(error, BusyError):
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if isinstance(error, UnauthorizedError):
        headers["WWW-Authenticate"] = "Bearer"
    return json_response(error_body(error), error.http_status, headers)


def http_error(request: Request, error: Exception) -> Response:
    """Answer what Starlette refuses: unknown paths and methods."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class alone
    code = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "http-error")
    detail = ErrorDetail(code, f"{request.method} {request.url.path[:200]}: {error.detail}", "See /docs")
    return json_response(ErrorResponse(detail), error.status_code, error.headers)
