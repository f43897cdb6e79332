"""Text to token ids: the multilingual vocabulary of Whisper large-v3, 51866 ids.

Byte-level byte-pair encoding, written here because the merge is forty lines and the usual libraries bring a network
client or a model framework along. Ordinary ids come from the bundle's `tokenizer.tiktoken` (one `base64 rank` a line);
the special ids that follow them are a table of facts below. No start, language or end token is added to a text; a tag
inside it, such as `<|yue|>`, becomes its one id.
"""

from __future__ import annotations

import base64
import binascii
import heapq
import re
import unicodedata
from typing import TYPE_CHECKING

from wyoming_cosyvoice.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

ORDINARY_IDS = 50257
VOCABULARY_SIZE = 51866

_LANGUAGE_CODES = (
    "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt la mi ml"
    " cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc ka be tg sd gu am"
    " yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt haw ln ha ba jw su yue"
)
_TIME_TAGS = 1501  # <|0.00|> to <|30.00|>

# The pre-split runs over the classes of the characters (L letter, N number, S white space, O other; a plain space
# stays itself), so that the standard library's `re` does, which has no \p{L}.
_CLASSES = re.compile(r" ?L+| ?N+| ?O+|[ S]+(?![LNO])|[ S]+")
_CONTRACTION = re.compile(r"'(?:s|t|re|ve|m|ll|d)")
_TAG = re.compile(r"<\|[a-z0-9.]+\|>")
_NOT_WHITE = "\x1c\x1d\x1e\x1f"  # white to str.isspace, but not in Unicode's White_Space


class Tokenizer:
    """Encodes text as CosyVoice-300M does."""

    def __init__(self, ranks: Mapping[bytes, int]) -> None:
        """`ranks` maps the bytes of each ordinary token to its id, 0 to 50256."""
        self._ranks = dict(ranks)
        self._specials = _special_ids()
        self._pieces = {number: piece for piece, number in self._ranks.items()}
        self._names = {number: name for name, number in self._specials.items()}

    @classmethod
    def load(cls, path: Path) -> Tokenizer:
        """Read a `tokenizer.tiktoken` file.

        Raises ModelError if it is not the vocabulary of this model.
        """
        ranks: dict[bytes, int] = {}
        lines = path.read_bytes().splitlines()
        for number, line in enumerate(lines):
            encoded, _, rank = line.partition(b" ")
            try:
                ranks[base64.b64decode(encoded)] = int(rank)
            except (binascii.Error, ValueError) as error:
                raise ModelError(f"{path}: line {number + 1} is not `base64 rank`", _CURE) from error
        if len(lines) != ORDINARY_IDS or sorted(ranks.values()) != list(range(ORDINARY_IDS)):
            raise ModelError(f"{path} holds {len(ranks)} tokens where {ORDINARY_IDS} were expected", _CURE)
        return cls(ranks)

    @property
    def size(self) -> int:
        """How many ids there are, specials included."""
        return len(self._ranks) + len(self._specials)

    def encode(self, text: str) -> list[int]:
        """Return the ids of `text`; special tags in it count as one id each."""
        ids: list[int] = []
        done = 0
        for tag in _TAG.finditer(text):
            special = self._specials.get(tag.group())
            if special is not None:
                ids.extend(self._ordinary(text[done : tag.start()]))
                ids.append(special)
                done = tag.end()
        ids.extend(self._ordinary(text[done:]))
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of `ids`; bytes that are no UTF-8 become U+FFFD."""
        pieces = (self._names[i].encode() if i in self._names else self._pieces[i] for i in ids)
        return b"".join(pieces).decode("utf-8", errors="replace")

    def _ordinary(self, text: str) -> Iterator[int]:
        for word in _split(text):
            piece = word.encode("utf-8", errors="replace")  # a lone surrogate becomes "?"
            known = self._ranks.get(piece)
            if known is not None:
                yield known
            else:
                yield from _merge(piece, self._ranks)


_CURE = "Install the model again with `wyoming-cosyvoice models install`"


def _special_ids() -> dict[str, int]:
    names = ["endoftext", "startoftranscript", *_LANGUAGE_CODES.split(), "translate", "transcribe", "startoflm"]
    names += ["startofprev", "nospeech", "notimestamps", *(f"{i * 0.02:.2f}" for i in range(_TIME_TAGS))]
    return {f"<|{name}|>": ORDINARY_IDS + i for i, name in enumerate(names)}


def _split(text: str) -> Iterator[str]:
    """Cut text into the words that are encoded each on its own."""
    classes = "".join(map(_class_of, text))
    position = 0
    while position < len(text):
        found = _CONTRACTION.match(text, position) or _CLASSES.match(classes, position)
        if found is None:  # every class is covered by one of the alternatives
            raise AssertionError(text[position])
        yield text[position : found.end()]
        position = found.end()


def _class_of(char: str) -> str:
    if char == " ":
        return " "
    if char.isspace() and char not in _NOT_WHITE:
        return "S"
    category = unicodedata.category(char)[0]
    return category if category in "LN" else "O"


def _merge(piece: bytes, ranks: Mapping[bytes, int]) -> list[int]:
    """Join the pair of lowest rank, the leftmost of equals, until none is left: O(n log n) in the piece's length."""
    size = len(piece)
    end = list(range(1, size + 1))  # part i is piece[i : end[i]]; 0 once it was joined to the one before
    before = list(range(-1, size))
    heap: list[tuple[int, int, int]] = []

    def offer(start: int) -> None:
        if start >= 0 and end[start] < size:
            stop = end[end[start]]
            rank = ranks.get(piece[start:stop])
            if rank is not None:
                heapq.heappush(heap, (rank, start, stop))

    for start in range(size):
        offer(start)
    while heap:
        _, start, stop = heapq.heappop(heap)
        middle = end[start]
        if not 0 < middle < size or end[middle] != stop:
            continue  # one of the two has been joined to something else meanwhile
        end[start], end[middle] = stop, 0
        before[stop] = start
        offer(start)
        offer(before[start])
    return [ranks[piece[start : end[start]]] for start in range(size) if end[start]]
