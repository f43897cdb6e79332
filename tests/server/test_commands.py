"""The other commands: health, say and voices."""

from __future__ import annotations

import json
import socket
import threading
import wave
from typing import TYPE_CHECKING

import pytest

from tests.server.test_lifecycle import run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.server.conftest import StartServer
    from tests.server.harness import Server


def test_health_of_a_healthy_server(server: Server) -> None:
    done = run("health", "--uri", server.uri)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"2 voices" in done.stdout
    assert run("health", WYOMING_COSYVOICE_URI=f"tcp://0.0.0.0:{server.port}").returncode == 0


def test_health_over_a_unix_socket(start: StartServer, tmp_path: Path) -> None:
    server = start(uri=f"unix://{tmp_path}/health.sock")
    assert run("health", "--uri", server.uri).returncode == 0


def test_health_of_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    done = run("health", "--uri", f"tcp://127.0.0.1:{port}")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b'{"type": "error"}\n',
        b"[]\n",
        b'{"type": "info", "data_length": 50}\n{"tts": ',
        b'{"type": "info", "data_length": "x"}\n',
        b'{"type": "info", "data_length": 2}\n[]',
        b'{"type": "info", "data": {"tts": 5}}\n',
    ],
)
def test_health_of_something_else(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        done = run("health", "--uri", f"tcp://127.0.0.1:{listener.getsockname()[1]}")
        thread.join()
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr


def test_health_has_patience_but_not_for_ever() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = run("health", "--uri", f"tcp://127.0.0.1:{silent.getsockname()[1]}", "--timeout", "0.3")
    assert done.returncode == 1
    assert b"timed out" in done.stderr


def test_health_of_standard_input_is_refused() -> None:
    assert run("health", "--uri", "stdio://").returncode == 1


def test_say_writes_a_wav_file(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    flags = ("--model", "tone", "--voice", "tone_high", "--speed", "1.5", "--data-dir", str(tmp_path / "data"))
    done = run("say", "Hello there. 你好。", "-o", str(path), "--sample-rate", "16000", *flags)
    assert done.returncode == 0, done.stderr
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16000)
        assert file.getnframes() > 10_000
    assert b"tone_high" in done.stderr


def test_say_reads_standard_input_and_ssml(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    flags = ("--model", "tone", "--data-dir", str(tmp_path / "data"), "--ssml", "-o", str(path))
    done = run("say", "-", *flags, stdin=b'<speak>One<break time="2s"/>two</speak>')
    assert done.returncode == 0, done.stderr
    with wave.open(str(path)) as file:
        assert file.getnframes() / file.getframerate() > 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--voice", "nobody"), b"tone_low"),
        (("--language", "klingon"), b"Use one of"),
        (("--model", "no-such-model"), b"no model"),
        (("--sample-rate", "5"), b"sample_rate"),
    ],
)
def test_say_fails_with_one_clear_line_and_keeps_what_was_there(
    tmp_path: Path, arguments: tuple[str, ...], words: bytes
) -> None:
    path = tmp_path / "out.wav"
    path.write_bytes(b"precious")
    done = run("say", "Hi.", "-o", str(path), "--model", "tone", "--data-dir", str(tmp_path / "data"), *arguments)
    assert done.returncode == 1
    assert words in done.stderr.splitlines()[-1]
    assert b"Traceback" not in done.stderr
    assert path.read_bytes() == b"precious"
    assert {item.name for item in tmp_path.iterdir()} <= {"out.wav", "data"}


def test_say_into_nowhere(tmp_path: Path) -> None:
    done = run("say", "Hi.", "-o", str(tmp_path / "none" / "out.wav"), "--model", "tone")
    assert (done.returncode, b"no folder" in done.stderr) == (1, True)


def test_voices() -> None:
    done = run("voices", "--model", "tone")
    assert done.returncode == 0
    assert b"tone_low" in done.stdout
    rows = json.loads(run("voices", "--model", "tone", "--json").stdout)
    assert {row["id"]: row["gender"] for row in rows} == {"tone_low": "male", "tone_high": "female"}
    assert {"zh", "en", "ja", "ko", "yue"} == set(rows[0]["languages"])


def test_wrong_usage_is_status_2() -> None:
    assert run("sing").returncode == 2
    assert run("--speed", "99").returncode == 2
    done = run("serve", WYOMING_COSYVOICE_SPEED="99")
    assert done.returncode == 2
    assert b"WYOMING_COSYVOICE_SPEED" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_help_and_version() -> None:
    assert b"serve" in run("--help").stdout
    assert b"--uri" in run("serve", "--help").stdout
    assert run("--version").stdout.strip()
