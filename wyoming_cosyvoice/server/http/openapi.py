"""The OpenAPI description, made from the same structs that requests are decoded into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from wyoming_cosyvoice import __version__
from wyoming_cosyvoice.audio.compress import CONTENT_TYPES
from wyoming_cosyvoice.server.http import schema

_AUDIO = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in sorted(set(CONTENT_TYPES.values()))}
_EVENTS = {"text/event-stream": {"schema": {"type": "object", "properties": {"data": {"type": "string"}}}}}

_ERRORS = {
    400: "A value is of the wrong type or out of its range",
    401: "The token is missing or wrong",
    403: "The server has no token, so it can't be changed over HTTP",
    404: "There is no such voice or model",
    409: "Another model is being installed",
    413: "The text or the body is too long",
    415: "The body is not JSON",
    422: "The model is bad",
    429: "The queue is full or the rate is too high; see Retry-After",
    503: "No voice is installed, or the server is stopping",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    path: str
    method: str
    summary: str
    response: type[msgspec.Struct] | dict[str, Any]
    request: type[msgspec.Struct] | None = None
    errors: tuple[int, ...] = ()
    parameters: tuple[str, ...] = ()
    public: bool = False


_SPEAKING = (400, 401, 404, 413, 415, 429, 503)
_ADMIN = (401, 403, 429)
_CHANGING = (400, 401, 403, 404, 409, 413, 415, 422, 429)
_MODEL, _CHOOSE = "/models/{name}", "/models/{name}/choose"
OPERATIONS = (
    Operation("/tts", "post", "Speak a text; a WAV file in JSON", schema.TtsResponse, schema.TtsRequest, _SPEAKING),
    Operation(
        "/v1/audio/speech",
        "post",
        "Speak a text, streamed (OpenAI-compatible)",
        {**_AUDIO, **_EVENTS},
        schema.OpenAISpeechRequest,
        _SPEAKING,
    ),
    Operation("/explain", "post", "How a text is read", schema.ExplainResponse, schema.ExplainRequest, _SPEAKING),
    Operation("/cache/warm", "post", "Speak texts into the cache", schema.WarmResponse, schema.WarmRequest, _SPEAKING),
    Operation("/voices", "get", "All voices", schema.VoicesResponse, errors=(401, 429)),
    Operation("/v1/models", "get", "Engines (OpenAI-compatible)", schema.OpenAIModels, errors=(401, 429)),
    Operation("/v1/audio/voices", "get", "Voices (OpenAI-compatible)", schema.OpenAIVoices, errors=(401, 429)),
    Operation("/models", "get", "Models that are installed or can be", schema.ModelsResponse, errors=_ADMIN),
    Operation("/models", "post", "Install a model, telling progress", _EVENTS, schema.InstallRequest, _CHANGING),
    Operation(_CHOOSE, "post", "Have a model speak", schema.ModelsResponse, errors=_CHANGING, parameters=("name",)),
    Operation(_MODEL, "delete", "Delete a model", schema.ModelsResponse, errors=_CHANGING, parameters=("name",)),
    Operation("/status", "get", "Live numbers", schema.Status, errors=(401, 429)),
    Operation("/healthz", "get", "Whether the process lives", schema.Health, public=True),
    Operation("/readyz", "get", "Whether something can be said", schema.Health, errors=(503,), public=True),
    Operation(
        "/metrics", "get", "Prometheus metrics", {"text/plain": {"schema": {"type": "string"}}}, errors=(401, 429)
    ),
)


def describe(operations: tuple[Operation, ...] = OPERATIONS, *, has_token: bool = False) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document."""
    structs = {one for item in operations for one in (item.request, item.response) if isinstance(one, type)}
    ordered = sorted(structs | {schema.ErrorResponse}, key=lambda one: one.__name__)
    _, components = msgspec.json.schema_components(ordered, ref_template="#/components/schemas/{name}")
    paths: dict[str, dict[str, Any]] = {}
    for item in operations:
        paths.setdefault(item.path, {})[item.method] = _operation(item)
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "wyoming-cosyvoice",
            "version": __version__,
            "description": "Text to speech in Chinese, English, Japanese, Cantonese and Korean. "
            "The WebSocket `/ws/tts` takes text in pieces and answers PCM; see the documentation.",
        },
        "paths": paths,
        "components": {"schemas": components},
    }
    if has_token:
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}]
    return document


def _operation(item: Operation) -> dict[str, Any]:
    content = item.response if isinstance(item.response, dict) else _json(item.response)
    responses: dict[str, Any] = {"200": {"description": "Done", "content": content}}
    for status in item.errors:
        kind = schema.Health if item.path == "/readyz" else schema.ErrorResponse
        responses[str(status)] = {"description": _ERRORS[status], "content": _json(kind)}
    operation: dict[str, Any] = {
        "summary": item.summary,
        "operationId": f"{item.method}{item.path.replace('/', '_').replace('{', '').replace('}', '')}",
        "responses": responses,
    }
    if item.public:
        operation["security"] = []
    if item.parameters:
        operation["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": schema.MODEL_NAME}}
            for name in item.parameters
        ]
    if item.request is not None:
        operation["requestBody"] = {"required": True, "content": _json(item.request)}
    return operation


def _json(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{kind.__name__}"}}}
