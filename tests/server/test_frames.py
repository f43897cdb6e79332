"""The frame reader against anything that can be sent."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from wyoming.event import Event, async_read_event

from wyoming_cosyvoice.config import Config
from wyoming_cosyvoice.server.frames import FrameError, FrameLimits, encode, read_event

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMITS = FrameLimits(header=2000, data=3000, payload=4000, depth=8)

HOSTILE = {
    "a list": b"[]\n",
    "a number": b"5\n",
    "null": b"null\n",
    "an empty line": b"\n",
    "no type": b'{"data": {}}\n',
    "a type that is a number": b'{"type": 5}\n',
    "data that is a list": b'{"type": "describe", "data": [1]}\n',
    "data that is a string": b'{"type": "describe", "data": "x"}\n',
    "data_length as text": b'{"type": "describe", "data_length": "5"}\n12345',
    "data_length as a fraction": b'{"type": "describe", "data_length": 5.0}\n12345',
    "data_length true": b'{"type": "describe", "data_length": true}\n1',
    "data_length below zero": b'{"type": "describe", "data_length": -1}\n',
    "payload_length as a fraction": b'{"type": "describe", "payload_length": 1.5}\n12345',
    "payload_length of a terabyte": b'{"type": "describe", "payload_length": 1000000000000}\nabc',
    "data_length of a terabyte": b'{"type": "describe", "data_length": 1000000000000}\nabc',
    "the end inside the payload": b'{"type": "describe", "payload_length": 100}\nabc',
    "the end inside the data": b'{"type": "describe", "data_length": 100}\n{"a": ',
    "the end inside the header": b'{"type": "descr',
    "deep nesting": b'{"type": "describe", "data": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}\n",
    "deep nesting in the data": b'{"type": "describe", "data_length": 2000}\n' + b"[" * 2000,
    "a header without end": b"x" * 400_000,
    "a long header": b'{"type": "describe", "x": "' + b"x" * 400_000 + b'"}\n',
    "no JSON": b"GET / HTTP/1.1\r\n\r\n",
    "no text": b"\xff\xfe\xfd\n",
    "UTF-16": '{"type": "describe"}\n'.encode("utf-16"),
    "NaN": b'{"type": "describe", "data": {"x": NaN}}\n',
    "a number of 10000 digits": b'{"type": "describe", "x": ' + b"1" * 10_000 + b"}\n",
    "data that is no object": b'{"type": "describe", "data_length": 2}\n[]',
    "data that is no JSON": b'{"type": "describe", "data_length": 2}\n{]',
    "quotes without end": b'"' + b'\\"' * 900 + b"\n",
}


async def read_all(raw: bytes, limits: FrameLimits = LIMITS, *, step: int = 0) -> list[Event]:
    """Read every event; with `step` the bytes come in pieces of that length."""
    reader = asyncio.StreamReader(limit=limits.header)
    if not step:
        reader.feed_data(raw)
        reader.feed_eof()

    async def feed() -> None:
        for start in range(0, len(raw), step):
            reader.feed_data(raw[start : start + step])
            await asyncio.sleep(0)
        reader.feed_eof()

    feeding = asyncio.create_task(feed()) if step else None
    events = []
    try:
        while (event := await read_event(reader, limits)) is not None:
            events.append(event)
    finally:
        if feeding is not None:
            await feeding
    return events


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_hostile_frame_is_refused_with_a_reason(raw: bytes) -> None:
    with pytest.raises(FrameError, match="not a Wyoming frame") as caught:
        await read_all(raw)
    assert caught.value.hint
    assert len(str(caught.value)) < 400


def _events() -> st.SearchStrategy[Event]:
    # no lone surrogates: JSON can't be sent in UTF-8 with them
    text = st.text(st.characters(codec="utf-8"), max_size=20)
    values = st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53), 2**53)
        | st.floats(allow_nan=False, allow_infinity=False)
        | text,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
        max_leaves=5,
    )
    return st.builds(Event, text.filter(bool), st.dictionaries(text, values, max_size=4))


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as one:
        yield one


@settings(max_examples=150)
@given(events=st.lists(_events(), max_size=4), step=st.integers(0, 7))
def test_what_is_written_is_read_however_it_arrives(runner: asyncio.Runner, events: list[Event], step: int) -> None:
    raw = b"".join(map(encode, events))
    read = runner.run(read_all(raw, FrameLimits(), step=step))
    assert [(event.type, event.data) for event in read] == [(event.type, event.data) for event in events]


@settings(max_examples=150)
@given(event=_events(), payload=st.binary(max_size=50))
def test_the_usual_client_reads_what_is_written(runner: asyncio.Runner, event: Event, payload: bytes) -> None:
    async def read() -> Event | None:
        reader = asyncio.StreamReader()
        reader.feed_data(encode(Event(event.type, event.data, payload)))
        reader.feed_eof()
        return await async_read_event(reader)

    read_back = runner.run(read())
    assert read_back == Event(event.type, event.data, payload or None)


def _almost_frames() -> st.SearchStrategy[bytes]:
    """Frames with a part that is wrong, cut, doubled or of the wrong type."""
    numbers = st.integers(-5, 5000) | st.floats() | st.booleans() | st.none() | st.text(max_size=5) | st.just(10**12)
    header: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["describe", "synthesize", 5, None, "", []]),
            "data": st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2)
            | st.text(max_size=3)
            | st.none(),
            "data_length": numbers,
            "payload_length": numbers,
        },
    )
    tail = st.binary(max_size=60) | st.sampled_from([b"{}", b'{"text": "a"}', b"[", b"{" * 50])
    whole = st.tuples(header.map(lambda value: json.dumps(value).encode()), tail).map(b"\n".join)
    return whole | st.binary(max_size=200) | st.tuples(whole, st.integers(0, 60)).map(lambda pair: pair[0][: pair[1]])


@settings(max_examples=2500, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(raw=st.lists(_almost_frames(), min_size=1, max_size=4).map(b"\n".join), step=st.sampled_from([0, 0, 0, 1, 7]))
@example(raw=b'{"type": "a", "data_length": 2}\n\xff\xff', step=0)
@example(raw=b'\xef\xbb\xbf{"type": "a"}\n', step=0)
def test_reading_ends_in_an_event_the_end_or_a_frame_error(runner: asyncio.Runner, raw: bytes, step: int) -> None:
    try:
        events = runner.run(read_all(raw, step=step))
    except FrameError:
        return
    assert all(isinstance(event.type, str) and isinstance(event.data, dict) for event in events)


async def test_a_large_payload_is_read_in_little_memory() -> None:
    limits = FrameLimits(payload=50_000_000)
    reader = asyncio.StreamReader(limit=limits.header)

    async def feed() -> None:
        reader.feed_data(b'{"type": "audio-chunk", "payload_length": 50000000}\n')
        for _ in range(500):
            reader.feed_data(b"\0" * 100_000)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        reader.feed_data(encode(Event("describe")))

    tracemalloc.start()
    try:
        feeding = asyncio.create_task(feed())
        first = await read_event(reader, limits)
        second = await read_event(reader, limits)
        await feeding
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert first is not None
    assert second is not None
    assert (first.type, first.payload, second.type) == ("audio-chunk", None, "describe")
    assert peak < 5_000_000


def test_the_longest_text_fits_however_it_is_escaped() -> None:
    limits = FrameLimits.from_config(Config(max_text_length=1000))
    data: dict[str, Any] = {"type": "synthesize", "data": {"text": "😀" * 1000}}
    raw = json.dumps(data, ensure_ascii=True).encode() + b"\n"
    (event,) = asyncio.run(read_all(raw, limits))
    assert event.data == data["data"]
