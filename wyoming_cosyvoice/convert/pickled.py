"""The pickle inside a torch archive, read without running anything.

Python's own unpickler imports and calls whatever the file names. This one is a small stack machine over
`pickletools.genops` that knows the few opcodes torch writes and the few names a checkpoint of tensors needs; it imports
nothing, calls nothing from the file and refuses the rest by name. Storages are not loaded: a tensor comes out as a
`TensorRecord` that says where its values lie.
"""

from __future__ import annotations

import pickletools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wyoming_cosyvoice.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable

STORAGE_TYPES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
}
_CALLABLES = {
    "collections OrderedDict",
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter",
}
_PLAIN = {
    *("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"),
    *("BINBYTES", "SHORT_BINBYTES"),
}
_IGNORED = {"PROTO", "FRAME", "STOP"}
_LIMIT = 1 << 20
"""Most values a checkpoint's pickle may hold (a real one has some 20 000)."""


@dataclass(frozen=True, slots=True)
class Storage:
    """A run of `count` values of one type, in the archive's record `key`."""

    type: str
    key: str
    count: int


@dataclass(frozen=True, slots=True)
class TensorRecord:
    """Where a tensor's values lie in a storage: offset, shape and strides in values."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Name:
    """Something the file wants from a module; never imported."""

    full: str


class _Mark:
    """Where a sequence on the stack begins."""


def read_pickle(data: bytes, where: str) -> object:
    """Return what the pickle holds: dicts, lists, tuples, plain values and `TensorRecord`s.

    Raises ModelError, naming `where`, for anything else in it and for a pickle that is cut off or malformed.
    """
    return _Machine(where).run(data)


class _Machine:
    def __init__(self, where: str) -> None:
        self._where = where
        self._stack: list[object] = []
        self._memo: dict[int, object] = {}
        self._made = 0
        self._handlers: dict[str, Callable[[object], None]] = {
            "NONE": lambda _: self._push(None),
            "NEWTRUE": lambda _: self._push(True),
            "NEWFALSE": lambda _: self._push(False),
            "MARK": self._mark,
            "EMPTY_DICT": lambda _: self._container(dict),
            "EMPTY_LIST": lambda _: self._container(list),
            "EMPTY_TUPLE": lambda _: self._tuple(0),
            "TUPLE1": lambda _: self._tuple(1),
            "TUPLE2": lambda _: self._tuple(2),
            "TUPLE3": lambda _: self._tuple(3),
            "TUPLE": lambda _: self._tuple(None),
            "APPEND": lambda _: self._append([self._stack.pop()]),
            "APPENDS": lambda _: self._append(self._since_mark()),
            "SETITEM": lambda _: self._set([self._stack.pop(), self._stack.pop()][::-1]),
            "SETITEMS": lambda _: self._set(self._since_mark()),
            "GLOBAL": lambda argument: self._global(*str(argument).split(" ", 1)),
            "STACK_GLOBAL": self._stack_global,
            "BINPERSID": self._persistent,
            "REDUCE": self._reduce,
            "BUILD": self._build,
            "BINPUT": lambda argument: self._put(int(str(argument))),
            "LONG_BINPUT": lambda argument: self._put(int(str(argument))),
            "MEMOIZE": lambda _: self._put(len(self._memo)),
            "BINGET": lambda argument: self._get(int(str(argument))),
            "LONG_BINGET": lambda argument: self._get(int(str(argument))),
        }

    def run(self, data: bytes) -> object:
        # genops stops at STOP, or raises ValueError where the file ends before it
        try:
            for opcode, argument, _ in pickletools.genops(data):
                handler = self._handlers.get(opcode.name)
                if handler is not None:
                    handler(argument)
                elif opcode.name in _PLAIN:
                    self._push(argument)
                elif opcode.name not in _IGNORED:
                    raise self._refuse(f"uses the pickle opcode {opcode.name}, which no checkpoint of tensors needs")
                self._made += 1
                if self._made > _LIMIT:
                    raise self._refuse("holds more values than a checkpoint can")
            return self._stack.pop()
        except (ValueError, IndexError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise self._refuse(f"is damaged inside ({error or type(error).__name__})") from error

    def _refuse(self, what: str) -> ModelError:
        return ModelError(f"{self._where} {what}", "Download the checkpoint again from a source that you trust")

    def _push(self, value: object) -> None:
        self._stack.append(value)

    def _since_mark(self) -> list[object]:
        items: list[object] = []
        while not isinstance(item := self._stack.pop(), _Mark):
            items.append(item)
        return items[::-1]

    def _mark(self, _: object) -> None:
        self._push(_Mark())

    def _container(self, make: Callable[[], object]) -> None:
        self._push(make())

    def _tuple(self, count: int | None) -> None:
        if count is None:
            self._push(tuple(self._since_mark()))
            return
        self._push(tuple([self._stack.pop() for _ in range(count)][::-1]))

    def _append(self, items: list[object]) -> None:
        target = self._stack[-1]
        if not isinstance(target, list):
            raise TypeError("values are appended to what is no list")
        target.extend(items)

    def _set(self, items: list[object]) -> None:
        target = self._stack[-1]
        if not isinstance(target, dict):
            raise TypeError("items are set in what is no dictionary")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, str | int):
                raise TypeError("a dictionary key is neither text nor a number")
            target[key] = value

    def _global(self, module: str, name: str) -> None:
        full = f"{module} {name}"
        if full not in _CALLABLES and not (module == "torch" and name in STORAGE_TYPES):
            raise self._refuse(f"asks for {full.replace(' ', '.')!r}, which is no tensor and was not run")
        self._push(_Name(full))

    def _stack_global(self, _: object) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        self._global(str(module), str(name))

    def _persistent(self, _: object) -> None:
        match self._stack.pop():
            case ("storage", _Name(full=full), str() as key, _, int() as count) if full.startswith("torch "):
                self._push(Storage(STORAGE_TYPES[full.removeprefix("torch ")], key, count))
            case other:
                raise self._refuse(f"refers to {other!r:.100}, which is no storage")

    def _reduce(self, _: object) -> None:
        arguments, function = self._stack.pop(), self._stack.pop()
        match function, arguments:
            case _Name(full="collections OrderedDict"), ():
                self._push({})
            case _Name(full="torch._utils _rebuild_tensor_v2"), (
                Storage() as storage,
                int() as offset,
                tuple() as shape,
                tuple() as strides,
                *_,
            ):
                self._push(TensorRecord(storage, offset, _sizes(shape), _sizes(strides)))
            case _Name(full="torch._utils _rebuild_parameter"), (TensorRecord() as tensor, *_):
                self._push(tensor)
            case _:
                raise self._refuse(f"calls {getattr(function, 'full', function)!r:.100} in a way that makes no tensor")

    def _build(self, _: object) -> None:
        # the attributes of a state dict (`_metadata`: versions of its modules) say nothing about values
        self._stack.pop()
        if not isinstance(self._stack[-1], dict):
            raise TypeError("attributes are set on what is no dictionary")

    def _put(self, index: int) -> None:
        self._memo[index] = self._stack[-1]

    def _get(self, index: int) -> None:
        self._push(self._memo[index])


def _sizes(values: tuple[object, ...]) -> tuple[int, ...]:
    sizes = tuple(value for value in values if isinstance(value, int) and not isinstance(value, bool) and value >= 0)
    if len(sizes) != len(values):
        raise ValueError(f"a tensor has sizes {values!r:.100}")
    return sizes
