"""Reading and checking what clients send."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from wyoming_cosyvoice.errors import BadRequestError
from wyoming_cosyvoice.server.http.errors import JSON, BodyTooLargeError, MediaTypeError
from wyoming_cosyvoice.server.http.schema import SpeechFields, options_of
from wyoming_cosyvoice.speech.request import SpeechOptions
from wyoming_cosyvoice.text.language import base_language

if TYPE_CHECKING:
    from starlette.requests import Request

T = TypeVar("T")


async def read_json(request: Request, kind: type[T], max_bytes: int) -> T:
    """Return the body as `kind`.

    The content type must be JSON: a page of another origin can send text/plain without asking the browser's leave, and
    so could make a speaker talk. Raises MediaTypeError, BodyTooLargeError and BadRequestError.
    """
    content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if content_type != JSON:
        raise MediaTypeError(f"The body is {content_type or 'of no type'}", f"Send {JSON} as Content-Type")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > max_bytes:
            raise BodyTooLargeError(f"The body is larger than {max_bytes} bytes", "Send the text in parts")
    return decode(bytes(body), kind)


def decode(data: bytes | str, kind: type[T]) -> T:
    """Return JSON as `kind`; raises BadRequestError with the place of what is wrong."""
    try:
        value: T = msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise BadRequestError(f"The request does not fit: {error}", "See /docs for the fields") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequestError(f"The request is not JSON: {error}", "See /docs for the fields") from error
    return value


def speech_options(fields: SpeechFields) -> SpeechOptions:
    """Return the request's fields as the spine knows them; raises UnsupportedLanguageError."""
    values = options_of(fields)
    language = values.pop("language")
    values["language"] = None if language in {None, "auto"} else base_language(language)
    for name in ("seed", "sample_rate"):
        values[name] = None if values[name] is None else int(values[name])
    return SpeechOptions(**values)
