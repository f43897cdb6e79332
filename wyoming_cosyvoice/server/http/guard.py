"""Who may do what, and how often."""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from wyoming_cosyvoice.server.http.errors import ForbiddenError, RateLimitError, UnauthorizedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import HTTPConnection

_MAX_ADDRESSES = 4096


class Guard:
    """Checks the bearer token and the rate of requests."""

    def __init__(self, token: str | None, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._token = token or None
        self._rate = per_minute / 60
        self._burst = float(per_minute)
        self._clock = clock
        # address -> (requests left, when); the address that was silent longest goes first
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    @property
    def has_token(self) -> bool:
        """Whether a token is asked for."""
        return self._token is not None

    def admit(self, connection: HTTPConnection, token: str | None = None) -> None:
        """Let a request through; raises UnauthorizedError or RateLimitError."""
        self.check_rate(connection.client.host if connection.client else "")
        if self._token is None:
            return
        given = token if token is not None else _bearer(connection)
        if given is None or not hmac.compare_digest(given.encode("utf-8", "replace"), self._token.encode()):
            raise UnauthorizedError(
                "The token is missing or wrong", "Send the header Authorization: Bearer <the server's --http-token>"
            )

    def admit_admin(self, connection: HTTPConnection) -> None:
        """Let a request through that changes the server; that needs a token. Raises ForbiddenError too."""
        if self._token is None:
            raise ForbiddenError(
                "This server has no token, so it can't be changed over HTTP", "Start with --http-token"
            )
        self.admit(connection)

    def check_rate(self, address: str) -> None:
        """Count a request of an address; raises RateLimitError."""
        if self._burst <= 0:
            return
        now = self._clock()
        left, since = self._buckets.pop(address, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._rate)
        if left < 1:
            self._buckets[address] = (left, now)
            raise RateLimitError(
                "Too many requests a minute", "Wait, or raise --http-rate-limit", (1 - left) / self._rate
            )
        self._buckets[address] = (left - 1, now)
        if len(self._buckets) > _MAX_ADDRESSES:
            self._buckets.popitem(last=False)


def _bearer(connection: HTTPConnection) -> str | None:
    scheme, _, value = connection.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else None
