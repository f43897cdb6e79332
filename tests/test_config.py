"""Flags and environment variables: the same settings, the same checks."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

import pytest

from wyoming_cosyvoice import config
from wyoming_cosyvoice.address import StdioAddress, TcpAddress, UnixAddress, parse_host_port, parse_uri
from wyoming_cosyvoice.config import Config
from wyoming_cosyvoice.errors import BadRequestError


def parse(*flags: str, **environment: str) -> Config:
    parser = argparse.ArgumentParser(prog="test")
    config.add_arguments(parser, {f"WYOMING_COSYVOICE_{name}": value for name, value in environment.items()})
    return config.from_arguments(parser.parse_args(flags))


def test_the_defaults() -> None:
    assert parse() == Config()


def test_every_setting_has_a_flag_and_a_variable() -> None:
    parser = argparse.ArgumentParser(prog="test")
    config.add_arguments(parser, {})
    text = parser.format_help()
    for item in fields(Config):
        assert f"--{item.name.replace('_', '-')}" in text
        assert f"[WYOMING_COSYVOICE_{item.name.upper()}]" in text.replace("\n", "").replace(" ", "") or (
            f"WYOMING_COSYVOICE_{item.name.upper()}" in text
        )


def test_streaming_can_be_left_out() -> None:
    assert not parse().no_streaming
    assert parse("--no-streaming").no_streaming
    assert parse(NO_STREAMING="1").no_streaming


def test_a_flag_wins_over_its_variable() -> None:
    assert parse("--speed", "1.5", SPEED="0.7").speed == 1.5
    assert parse(SPEED="0.7").speed == 0.7
    assert parse("--http", HTTP="1.2.3.4:5").http == config.HTTP_ADDRESS
    assert parse(HTTP="1.2.3.4:5").http == "1.2.3.4:5"


@pytest.mark.parametrize(("value", "meaning"), [("1", True), ("true", True), ("ON", True), ("0", False), ("", False)])
def test_switches_in_the_environment(value: str, *, meaning: bool) -> None:
    assert parse(DEBUG=value).debug is meaning


def test_an_empty_variable_is_an_unset_option() -> None:
    assert parse(VOICE="", HTTP="", DOWNLOAD_DIR="") == Config()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SPEED", "3"),
        ("SPEED", "fast"),
        ("SPEED", "nan"),
        ("THREADS", "1.5"),
        ("THREADS", "-1"),
        ("MIXED", "both"),
        ("DEBUG", "maybe"),
        ("URI", "http://0.0.0.0:1"),
        ("URI", "tcp://0.0.0.0"),
        ("URI", "tcp://0.0.0.0:99999"),
        ("HTTP", "80"),
        ("MAX_QUEUE", "0"),
        ("LOG_FORMAT", "%(nothing"),
    ],
)
def test_a_wrong_value_is_wrong_usage_and_named(capsys: pytest.CaptureFixture[str], name: str, value: str) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(**{name: value})
    assert ended.value.code == 2
    assert f"WYOMING_COSYVOICE_{name}" in capsys.readouterr().err.splitlines()[-1]
    with pytest.raises(SystemExit) as ended:
        parse(f"--{name.lower().replace('_', '-')}={value}")
    assert ended.value.code == 2


def test_models_go_to_the_download_folder() -> None:
    assert parse("--data-dir", "/a").models_dir == Path("/a/models")
    assert parse("--data-dir", "/a", "--download-dir", "/b").models_dir == Path("/b")


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("tcp://0.0.0.0:10200", TcpAddress("0.0.0.0", 10200)),
        ("tcp://[::]:10200", TcpAddress("::", 10200)),
        ("tcp://box.lan:1", TcpAddress("box.lan", 1)),
        ("unix:///run/a.sock", UnixAddress(Path("/run/a.sock"))),
        ("stdio://", StdioAddress()),
    ],
)
def test_addresses(uri: str, address: object) -> None:
    assert parse_uri(uri) == address
    assert str(parse_uri(uri)) == uri


@pytest.mark.parametrize(
    "uri",
    ["", "tcp", "tcp://", "tcp://:1", "tcp://a:b", "tcp://a:1/x", "tcp://u@a:1", "unix://", "stdio://x", "tcp://[::1"],
)
def test_wrong_addresses_show_right_ones(uri: str) -> None:
    with pytest.raises(BadRequestError, match="Use tcp://"):
        parse_uri(uri)


def test_http_addresses() -> None:
    assert parse_host_port(":80") == TcpAddress("0.0.0.0", 80)
    assert parse_host_port("[::1]:80") == TcpAddress("::1", 80)
    with pytest.raises(BadRequestError):
        parse_host_port("http://a:80")
