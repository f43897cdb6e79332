"""REST, WebSocket, OpenAI-compatible endpoints and the page: the same speech service as over Wyoming.

Starlette, uvicorn and msgspec together take 6 MB and 0.1 s to import. FastAPI would add pydantic (and, in its newer
versions, telemetry), and its ``/docs`` loads its script from another host, which an offline house cannot reach.
"""
