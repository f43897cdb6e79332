"""A model in the memory of a kernel."""

from __future__ import annotations

import ctypes
import weakref
from typing import Any

from wyoming_cosyvoice.errors import EngineError


class NativeModel:
    """What a kernel has made of weights; it goes with this object."""

    def __init__(self, library: ctypes.CDLL, family: str, what: str, *arguments: Any) -> None:
        """Make it by the function `family`_new. Raises EngineError where there is no memory for `what`."""
        self._library, self._family, self._what = library, family, what
        new = self._function("new")
        new.restype = ctypes.c_void_p
        self._at = ctypes.c_void_p(new(*arguments))
        self._check(failed=not self._at)
        weakref.finalize(self, self._function("free"), self._at)

    def call(self, name: str, *arguments: Any) -> None:
        """Call the function `family`_`name` with it. Raises EngineError where memory is lacking."""
        self._check(failed=bool(self._function(name)(self._at, *arguments)))

    def _function(self, name: str) -> Any:
        return getattr(self._library, f"{self._family}_{name}")

    def _check(self, *, failed: bool) -> None:
        if failed:
            raise EngineError(f"There is no memory for {self._what}")
