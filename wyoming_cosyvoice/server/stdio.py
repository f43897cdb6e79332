"""Standard input and output as streams."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
import threading


async def open_stdio(limit: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return standard input and output as streams; what anything else prints from now on goes to standard error."""
    loop = asyncio.get_running_loop()
    incoming, outgoing = os.dup(sys.stdin.fileno()), os.dup(sys.stdout.fileno())
    # a stray print of some library would break the frames
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    reader = asyncio.StreamReader(limit=limit)
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(_readable(incoming), "rb", buffering=0)
    )
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()),
        os.fdopen(_writable(outgoing), "wb", buffering=0),
    )
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


def _readable(descriptor: int) -> int:
    if _can_poll(descriptor):
        return descriptor
    end, other = os.pipe()
    # it may wait for a key for ever, so nobody waits for it
    threading.Thread(target=_copy, args=(descriptor, other), name="stdin", daemon=True).start()
    return end


def _writable(descriptor: int) -> int:
    if _can_poll(descriptor):
        return descriptor
    other, end = os.pipe()
    threading.Thread(target=_copy, args=(other, descriptor), name="stdout").start()
    return end


def _can_poll(descriptor: int) -> bool:
    """Whether the loop can wait for it: not for files, and a terminal it would switch to non-blocking for all."""
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _copy(source: int, target: int) -> None:
    try:
        while block := os.read(source, 65_536):
            view = memoryview(block)
            while view:
                view = view[os.write(target, view) :]
    except OSError:
        pass  # the other side has gone, and so the copy is of no use
    finally:
        os.close(source)
        os.close(target)
