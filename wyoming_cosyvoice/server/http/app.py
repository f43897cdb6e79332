"""The application: routes, errors and middleware."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from wyoming_cosyvoice.errors import SpeechError
from wyoming_cosyvoice.server.http.context import Context
from wyoming_cosyvoice.server.http.errors import JSON, http_error, speech_error
from wyoming_cosyvoice.server.http.guard import Guard
from wyoming_cosyvoice.server.http.leaving import WriteTimeout
from wyoming_cosyvoice.server.http.metrics import Metrics
from wyoming_cosyvoice.server.http.models import ModelEndpoints
from wyoming_cosyvoice.server.http.openapi import describe
from wyoming_cosyvoice.server.http.speech import SpeechEndpoints
from wyoming_cosyvoice.server.http.status import StatusEndpoints
from wyoming_cosyvoice.server.http.websocket import SpeechSocket

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute
    from starlette.websockets import WebSocket

    from wyoming_cosyvoice.config import Config
    from wyoming_cosyvoice.server.model_manager import ModelManager
    from wyoming_cosyvoice.speech.service import SpeechService

_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def create_app(service: SpeechService, config: Config, manager: ModelManager) -> Starlette:
    """Return the ASGI application over a running service."""
    context = Context(service, config, Guard(config.http_token, config.http_rate_limit))
    middleware = [Middleware(WriteTimeout, seconds=config.write_timeout)]
    if config.http_cors:
        origins = [origin.strip() for origin in config.http_cors.split(",")]
        middleware.append(
            Middleware(CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=["*"], max_age=600)
        )
    return Starlette(
        routes=[*_api(context, manager), *_models(context, manager), *_page(context)],
        middleware=middleware,
        exception_handlers={SpeechError: speech_error, HTTPException: http_error, ClientDisconnect: _gone},
    )


def _api(context: Context, manager: ModelManager) -> list[BaseRoute]:
    speech = SpeechEndpoints(context)
    status = StatusEndpoints(context, manager)

    async def socket(websocket: WebSocket) -> None:
        await SpeechSocket(context, websocket).run()

    return [
        Route("/tts", speech.tts, methods=["POST"]),
        Route("/v1/audio/speech", speech.openai, methods=["POST"]),
        Route("/v1/models", status.openai_models),
        Route("/v1/audio/voices", status.openai_voices),
        Route("/voices", status.voices),
        Route("/explain", speech.explain, methods=["POST"]),
        Route("/cache/warm", speech.warm, methods=["POST"]),
        Route("/status", status.status),
        Route("/healthz", status.health),
        Route("/readyz", status.ready),
        Route("/metrics", Metrics(context).endpoint),
        WebSocketRoute("/ws/tts", socket),
    ]


def _models(context: Context, manager: ModelManager) -> list[BaseRoute]:
    models = ModelEndpoints(context, manager)
    return [
        Route("/models", models.collection, methods=["GET", "POST"]),
        Route("/models/{name}/choose", models.choose, methods=["POST"]),
        Route("/models/{name}", models.remove, methods=["DELETE"]),
    ]


def _page(context: Context) -> list[BaseRoute]:
    folder = resources.files("wyoming_cosyvoice.server") / "web"
    pages = {name: (folder / name).read_bytes() for name in ("index.html", "docs.html")}
    description = msgspec.json.encode(describe(has_token=context.guard.has_token))

    async def index(_request: Request) -> Response:
        return Response(pages["index.html"], media_type="text/html", headers=_HEADERS)

    async def docs(_request: Request) -> Response:
        return Response(pages["docs.html"], media_type="text/html", headers=_HEADERS)

    async def openapi(_request: Request) -> Response:
        return Response(description, media_type=JSON)

    return [
        Route("/", index),
        Route("/docs", docs),
        Route("/openapi.json", openapi),
        Mount("/web", StaticFiles(directory=str(folder))),
    ]


def _gone(_request: Request, _error: Exception) -> Response:
    # nobody reads it; uvicorn's access log shows 499, as nginx does
    return Response(status_code=499)
