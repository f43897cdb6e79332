"""Start, stop and the transports: tcp, unix and standard input, SIGTERM in every phase."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from wyoming.client import AsyncClient
from wyoming.event import Event, read_event, write_event
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop

from tests.server.harness import PATIENCE, PROGRAM, ROOT, Server, ask, describe, read_answer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.server.conftest import StartServer

LONG = "This is a sentence that takes a while to say. " * 20


def run(*arguments: str, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the program to its end."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, **environment},
    )


def frames(raw: bytes) -> list[tuple[str, bytes]]:
    """Return type and payload of each frame."""
    found = []
    while raw:
        line, _, raw = raw.partition(b"\n")
        header = json.loads(line)
        raw = raw[header.get("data_length", 0) :]
        length = header.get("payload_length", 0)
        found.append((header["type"], raw[:length]))
        raw = raw[length:]
    return found


async def test_a_unix_socket(start: StartServer, tmp_path: Path) -> None:
    path = tmp_path / "speech.sock"
    server = start(uri=f"unix://{path}")
    async with AsyncClient.from_uri(server.uri) as client:
        assert (await describe(client)).tts
        assert (await ask(client, Synthesize("Hello.").event())).audio
    server.stop()
    assert not path.exists()


def test_a_unix_socket_in_use_is_not_taken_over_and_a_dead_one_is(start: StartServer, tmp_path: Path) -> None:
    path = tmp_path / "speech.sock"
    first = start(uri=f"unix://{path}")
    second = run("--model", "tone", "--uri", f"unix://{path}", "--data-dir", str(tmp_path / "data"))
    assert second.returncode == 1
    assert b"Another server listens" in second.stderr
    first.process.kill()
    first.expect_exit(-signal.SIGKILL)
    assert path.is_socket()
    start(uri=f"unix://{path}").stop()


def test_standard_input_like_a_real_client(tmp_path: Path) -> None:
    server = Server(tmp_path, "--idle-timeout", "0.2", uri="stdio://").wait_until_ready()
    incoming, outgoing = server.process.stdout, server.process.stdin
    assert incoming is not None
    assert outgoing is not None

    def say(*events: Event, last: str) -> list[str]:
        for event in events:
            write_event(event, outgoing)  # type: ignore[arg-type]
        kinds: list[str] = []
        while last not in kinds:
            answer = read_event(incoming)  # type: ignore[arg-type]
            assert answer is not None
            kinds.append(answer.type)
        return kinds

    assert say(Event("describe"), last="info") == ["info"]
    time.sleep(0.5)  # silence is no reason to leave whoever started us
    assert say(Synthesize("Hello.").event(), last="audio-stop")[0] == "audio-start"
    streamed = [SynthesizeStart().event(), SynthesizeChunk("Hello.").event(), SynthesizeStop().event()]
    assert say(*streamed, last="synthesize-stopped")[0] == "audio-start"
    outgoing.close()
    server.expect_exit(0)


@pytest.mark.parametrize("how", ["pipe", "file"])
def test_standard_input_is_spoken_to_its_end(tmp_path: Path, how: str) -> None:
    events = b'{"type": "synthesize", "data": {"text": "One."}}\n{"type": "describe"}\n'
    events += b'{"type": "synthesize-start"}\n{"type": "synthesize-chunk", "data": {"text": "Two. Three."}}\n'
    arguments = [*PROGRAM, "--model", "tone", "--uri", "stdio://", "--data-dir", str(tmp_path / "data")]
    if how == "pipe":
        done = run(*arguments[len(PROGRAM) :], stdin=events)
        output, status = done.stdout, done.returncode
    else:
        (tmp_path / "in").write_bytes(events)
        with (tmp_path / "in").open("rb") as source, (tmp_path / "out").open("wb") as sink:
            status = subprocess.run(
                arguments, cwd=ROOT, stdin=source, stdout=sink, stderr=subprocess.PIPE, timeout=PATIENCE, check=False
            ).returncode
        output = (tmp_path / "out").read_bytes()
    kinds = [kind for kind, _ in frames(output) if kind not in {"audio-chunk", "info"}]
    assert (status, kinds) == (0, ["audio-start", "audio-stop"] * 2 + ["synthesize-stopped"])
    assert sum(len(payload) for _, payload in frames(output)) > 20_000


def test_garbage_on_standard_input_ends_with_an_error_frame(tmp_path: Path) -> None:
    done = run("--model", "tone", "--uri", "stdio://", "--data-dir", str(tmp_path), stdin=b"garbage\n")
    assert (done.returncode, [kind for kind, _ in frames(done.stdout)]) == (0, ["error"])
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_server_stops_at_once(start: StartServer, number: signal.Signals) -> None:
    server = start()
    server.stop(number)
    assert "Stopped" in server.log


async def test_stop_with_connections_that_sit_there(start: StartServer) -> None:
    server = start("--drain-timeout", "3600")  # what running requests would get
    clients = [server.client() for _ in range(5)]
    for client in clients:
        await client.connect()
    await asyncio.to_thread(server.stop)
    for client in clients:
        await client.disconnect()


async def test_what_is_being_said_is_finished(start: StartServer) -> None:
    server = start(model="tone:0.1")
    async with server.client() as client:
        whole = await ask(client, Synthesize("Let me finish this sentence.").event())
        await client.write_event(Synthesize("Let me finish this sentence, please.").event())
        first = await client.read_event()
        assert first is not None
        server.process.send_signal(signal.SIGTERM)
        answer = await read_answer(client, streaming=False, rate=first.data["rate"])
    assert answer.error is None
    assert answer.seconds > whole.seconds
    await asyncio.to_thread(server.expect_exit, 0)


async def test_what_takes_too_long_is_ended_with_an_error(start: StartServer) -> None:
    server = start("--drain-timeout", "0.5", model="tone:1")
    async with server.client() as client:
        for event in (SynthesizeStart().event(), SynthesizeChunk(LONG).event()):
            await client.write_event(event)
        first = await client.read_event()
        assert first is not None
        server.process.send_signal(signal.SIGTERM)
        answer = await read_answer(client, streaming=True, rate=first.data["rate"])
    assert answer.error is not None
    assert answer.error.code == "stopping"
    assert answer.types[-3:] == ["error", "audio-stop", "synthesize-stopped"]
    await asyncio.to_thread(server.expect_exit, 0)


async def test_a_second_signal_does_not_wait(start: StartServer) -> None:
    server = start("--drain-timeout", "3600", model="tone:1")
    async with server.client() as client:
        await client.write_event(Synthesize(LONG).event())
        assert await client.read_event() is not None
        server.process.send_signal(signal.SIGTERM)
        server.wait_for("SIGTERM")
        await asyncio.to_thread(server.stop)


async def test_a_stream_left_open_does_not_hold_the_server(start: StartServer) -> None:
    server = start("--drain-timeout", "0.5")
    async with server.client() as client:
        await client.write_event(SynthesizeStart().event())
        await describe(client)
        await asyncio.to_thread(server.stop)


@pytest.mark.parametrize("delay", [0.15, 0.25, 0.4, 0.6, 0.9])
def test_a_signal_during_the_start(tmp_path: Path, delay: float) -> None:
    server = Server(tmp_path)
    time.sleep(delay)
    server.process.send_signal(signal.SIGTERM)
    # before the program has heard of signals, the signal's own way ends it
    assert server.process.wait(PATIENCE) in {0, -signal.SIGTERM}
    server.expect_exit(server.process.returncode)


def test_a_signal_while_a_model_is_loaded(tmp_path: Path) -> None:
    slow = tmp_path / "slow"
    slow.mkdir()
    (slow / "sitecustomize.py").write_text(
        "import sys, time\n"
        "class Slow:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'wyoming_cosyvoice.engines.loading':\n"
        "            print('loading', file=sys.stderr, flush=True)\n"
        "            time.sleep(3600)\n"
        "sys.meta_path.insert(0, Slow())\n"
    )
    path = os.pathsep.join(filter(None, [str(slow), os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(
        [*PROGRAM, "--model", "tone", "--uri", "tcp://127.0.0.1:0", "--data-dir", str(tmp_path)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )
    with process:
        assert process.stderr is not None
        while b"loading" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


def test_a_port_in_use_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("--model", "tone", "--uri", f"tcp://127.0.0.1:{taken.getsockname()[1]}")
    assert done.returncode == 1
    assert b"Cannot listen" in done.stderr.splitlines()[-1]
    assert b"Traceback" not in done.stderr


def test_an_ipv6_address(start: StartServer) -> None:
    server = start(uri="tcp://[::1]:0")
    assert server.uri.startswith("tcp://[::1]:")
    with socket.create_connection(("::1", server.port), timeout=PATIENCE) as connection:
        connection.sendall(b'{"type": "ping"}\n')
        assert b"pong" in connection.recv(1000)


def test_a_data_folder_that_cannot_be_written(start: StartServer, tmp_path: Path) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("not a folder")
    server = start("--data-dir", str(blocked))
    assert "Cannot keep the server's id" in server.log
    server.stop()


def test_the_python_that_runs_it_is_not_loaded_with_what_a_health_check_does_not_need() -> None:
    code = (
        "import sys; from wyoming_cosyvoice import cli; import wyoming_cosyvoice.commands.health;"
        "print([name for name in ('numpy', 'onnxruntime', 'asyncio', 'wyoming') if name in sys.modules])"
    )
    done = subprocess.run([PROGRAM[0], "-c", code], cwd=ROOT, capture_output=True, timeout=PATIENCE, check=True)
    assert done.stdout.strip() == b"[]"
