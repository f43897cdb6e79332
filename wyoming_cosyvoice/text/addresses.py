"""Finds what is read sign by sign: web and mail addresses, entity ids, host names."""

from __future__ import annotations

import re

_TOP_LEVELS = "com|net|org|io|dev|ai|app|info|edu|gov|cn|hk|tw|jp|kr|uk|de|fr|eu|me|tv|cc|co|local|lan|home|arpa"
_ADDRESS = re.compile(
    rf"""(?<![A-Za-z0-9])(?:
        [A-Za-z][A-Za-z0-9+.-]{{1,15}}://[!-~]+
      | [A-Za-z0-9._+-]{{1,64}}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+
      | (?:[A-Za-z0-9-]+\.)+(?:{_TOP_LEVELS})(?![A-Za-z0-9.-]?[A-Za-z0-9])(?:[:/][!-~]*)?
      | \d{{1,3}}(?:\.\d{{1,3}}){{3}}(?::\d+)?(?:/[!-~]*)?
      | [a-z][a-z0-9_]*\.[a-z0-9]+(?:_[a-z0-9]+)+
    )""",
    re.VERBOSE,
)
_TAIL = ".,;:!?)]}'\""


def find_addresses(text: str) -> list[tuple[int, int]]:
    """Return where addresses stand, as (start, end); marks of the sentence at their end do not belong to them."""
    found = []
    for match in _ADDRESS.finditer(text):
        length = len(match[0].rstrip(_TAIL))
        found.append((match.start(), match.start() + length))
    return found
