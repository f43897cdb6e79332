"""What a Wyoming client asked for, as the spine knows it.

Home Assistant sends text, a voice's name and a speaker. Everything else comes in ``context: {"cosyvoice": {...}}``,
which other servers ignore. Types are checked here, ranges by the service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from wyoming_cosyvoice.errors import BadRequestError
from wyoming_cosyvoice.speech.request import SpeechOptions
from wyoming_cosyvoice.text.language import base_language

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wyoming_cosyvoice.text.clause import Language

_HINT = 'Send for example {"cosyvoice": {"language": "zh", "speed": 1.2, "sample_rate": 16000}} as context'


def speech_options(data: Mapping[str, Any]) -> SpeechOptions:
    """Read the data of a `synthesize` or `synthesize-start` event.

    Raises BadRequestError and UnsupportedLanguageError.
    """
    voice = data.get("voice")
    if isinstance(voice, str):
        voice = {"name": voice}  # some clients send the bare name
    voice = _object(voice, "voice")
    extra = _object(_object(data.get("context"), "context").get("cosyvoice"), "context.cosyvoice")
    language = _string(extra, "language") or _string(voice, "language")
    return SpeechOptions(
        voice=_string(extra, "voice") or _string(voice, "name"),
        speaker=_string(extra, "speaker") or _string(voice, "speaker"),
        language=_language(language),
        default_language=_language(_string(extra, "default_language")),
        speed=_number(extra, "speed"),
        volume=_number(extra, "volume"),
        style=_string(extra, "style"),
        seed=_whole(extra, "seed"),
        sentence_silence=_number(extra, "sentence_silence"),
        text_format=_text_format(data),
        sample_rate=_whole(extra, "sample_rate"),
    )


def text_of(data: Mapping[str, Any]) -> str:
    """Return the text of a `synthesize` or `synthesize-chunk` event; raises BadRequestError."""
    text = data.get("text")
    if not isinstance(text, str):
        raise BadRequestError("The event has no text", 'Send {"text": "..."} as data')
    return _whole_characters(text)


def _language(code: str | None) -> Language | None:
    return None if code is None or code.casefold() == "auto" else base_language(code)


def _text_format(data: Mapping[str, Any]) -> Literal["text", "ssml"]:
    value = _string(data, "text_format") or "text"
    if value not in {"text", "ssml"}:
        raise BadRequestError(f"text_format is {value[:40]!r}", "Use text or ssml")
    return cast("Literal['text', 'ssml']", value)


def _object(value: object, name: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadRequestError(f"{name} is {_show(value)}, not an object", _HINT)
    return value


def _string(values: Mapping[str, Any], name: str) -> str | None:
    value = values.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise BadRequestError(f"{name} is {_show(value)}, not a string", _HINT)
    return _whole_characters(value)


def _number(values: Mapping[str, Any], name: str) -> float | None:
    value = values.get(name)
    if value is None:
        return None
    # true and false are numbers to Python
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadRequestError(f"{name} is {_show(value)}, not a number", _HINT)
    try:
        return float(value)
    except OverflowError:
        raise BadRequestError(f"{name} is far too large", _HINT) from None


def _whole(values: Mapping[str, Any], name: str) -> int | None:
    value = values.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2**63:
        raise BadRequestError(f"{name} is {_show(value)}, not a whole number of that size", _HINT)
    return value


def _whole_characters(text: str) -> str:
    """Replace halves of surrogate pairs, which JSON can hold and UTF-8 cannot."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _show(value: object) -> str:
    return repr(value)[:40]
