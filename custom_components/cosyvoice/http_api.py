"""The HTTP side of a server, where it has one: its live numbers, and whether our token is right."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import ClientError, ClientSession, ClientTimeout

from .errors import InvalidTokenError
from .server_info import ServerStatus

STATUS_PATH = "/status"
_TIMEOUT = ClientTimeout(total=10)


async def async_fetch_status(session: ClientSession, url: str, token: str | None) -> ServerStatus | None:
    """Return the server's live numbers, None where it has none to give.

    Speech goes over Wyoming: whatever happens to the HTTP side, other than a token refused, must not stop it.

    Raises InvalidTokenError.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        async with session.get(f"{url}{STATUS_PATH}", headers=headers, timeout=_TIMEOUT) as response:
            if response.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                raise InvalidTokenError(str(response.status))
            if response.status != HTTPStatus.OK:
                return None
            return ServerStatus.from_dict(await response.json())
    except ClientError, TimeoutError, ValueError:
        return None
