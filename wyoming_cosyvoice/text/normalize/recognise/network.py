"""Addresses: IP, hardware, web, e-mail, entity ids, versions, hexadecimal and serial numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wyoming_cosyvoice.text.normalize.values import Address, Characters, Link, Phone, Version

if TYPE_CHECKING:
    from wyoming_cosyvoice.text.normalize.recognise.numbers import Found

_ADDRESS = re.compile(
    r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:/(\d{1,2})(?!\d))?(?::(\d{1,5})(?!\d))?(?![\d]|\.\d)"
)
_VERSION = re.compile(r"\d{1,6}(?:\.\d{1,6}){2,16}(?![\d]|\.\d)")
_CODE = re.compile(r"\d{1,8}(?:-\d{1,8}){3,8}(?![\d-])")
_NAMED_VERSION = re.compile(r"[vV](?:er\.? ?|ersion )?(\d{1,6}(?:\.\d{1,6}){0,16})(?![\dA-Za-z]|\.\d)")
_HARDWARE = re.compile(r"[\dA-Fa-f]{2}(?P<sign>[:-])(?:[\dA-Fa-f]{2}(?P=sign)){4,6}[\dA-Fa-f]{2}(?![\dA-Za-z:])")
_UNIQUE_ID = re.compile(r"[\dA-Fa-f]{8}-(?:[\dA-Fa-f]{4}-){3}[\dA-Fa-f]{12}(?![\dA-Za-z])")
_HEXADECIMAL = re.compile(r"0[xX][\dA-Fa-f]{1,64}(?![\dA-Za-z])|#(?=[\dA-Fa-f]*\d)(?:[\dA-Fa-f]{6})(?![\dA-Za-z])")
_SERIAL = re.compile(
    r"(?!\d{1,5}[xX]\d{1,5}(?![\dA-Za-z]))(?=[A-Za-z]{0,32}\d{1,32}[A-Za-z]{1,32}\d)[A-Za-z\d]{6,64}(?![\dA-Za-z])"
)
_ENTITY = re.compile(r"[a-z][a-z_]{1,31}\.[a-z\d]{1,64}(?:_[a-z\d]{1,64}){0,32}(?![\w@/]|[.:-]\w)", re.ASCII)
_SNAKE = re.compile(r"[A-Za-z\d]{1,64}(?:_{1,2}[A-Za-z\d]{1,64}){1,32}(?![\w@])", re.ASCII)
_DOMAINS = frozenset(
    (
        "air_quality alarm_control_panel alert assist_satellite automation binary_sensor button calendar camera "
        "climate conversation counter cover date datetime device_tracker event fan geo_location group humidifier "
        "image input_boolean input_button input_datetime input_number input_select input_text lawn_mower light lock "
        "media_player notify number person plant proximity remote scene schedule script select sensor siren stt sun "
        "switch tag text time timer todo tts update vacuum valve wake_word water_heater weather zone"
    ).split()
)
_EMAIL = re.compile(r"(?:mailto:)?([\w.+-]{1,64})@([A-Za-z\d-]{1,63}(?:\.[A-Za-z\d-]{1,63}){1,8})(?!\w)", re.ASCII)
_URL = re.compile(
    r"(?P<scheme>(?:https?|ftp|wss?|tcp|mqtt|rtsp|file|unix)://)?"
    r"(?P<host>(?:[A-Za-z\d_-]{1,63}\.){0,8}[A-Za-z\d_-]{1,63})(?P<port>:\d{1,5})?",
    re.ASCII,
)
_PATH = re.compile(r"[/?#][^\s<>\"]*")
_TOP_LEVEL = frozenset(
    (
        "com org net edu gov mil int info biz io ai dev app co uk us ca au de fr it es nl eu ch at be se no dk fi pl "
        "cz ru cn hk tw jp kr sg my in id vn th nz br mx me tv cc xyz online site tech cloud local lan home arpa "
        "internal wiki blog shop store news"
    ).split()
)
_PIECES = re.compile(r"[A-Za-z]+|\d+|[^A-Za-z\d]")
_LONGEST_LINK = 2048


def address(text: str, at: int) -> Found | None:
    """Read an IPv4 address with its port or mask."""
    match = _ADDRESS.match(text, at)
    if match is None or any(int(part) > 255 for part in match.groups()[:4]):
        return None
    return Address(match.groups()[:4], match[6] or "", match[5] or ""), match.end()


def version(text: str, at: int) -> Found | None:
    """Three or more numbers with dots between them."""
    match = _VERSION.match(text, at)
    return (Version(tuple(match[0].split("."))), match.end()) if match else None


def code(text: str, at: int) -> Found | None:
    """Read four or more groups of digits: a book or an account number."""
    match = _CODE.match(text, at)
    return (Phone(tuple(match[0].split("-"))), match.end()) if match else None


def named_version(text: str, at: int) -> Found | None:
    """Read a version with its v: v2026.11.0, V2."""
    match = _NAMED_VERSION.match(text, at)
    return (Version(tuple(match[1].split(".")), named=True), match.end()) if match else None


def characters(text: str, at: int) -> Found | None:
    """Read what is read sign by sign: hardware addresses, unique ids, hexadecimal and serial numbers."""
    for pattern in (_HARDWARE, _UNIQUE_ID, _HEXADECIMAL, _SERIAL):
        match = pattern.match(text, at)
        if match is not None:
            return Characters(re.sub(r"[^\dA-Za-z]", "", match[0])), match.end()
    return None


def entity(text: str, at: int) -> Found | None:
    """Read a Home Assistant entity id or another name joined by underscores, read as its words."""
    match = _ENTITY.match(text, at)
    if match is not None and match[0].split(".")[0] in _DOMAINS and len(match[0]) < 256:
        return Link(_words(match[0])), match.end()
    match = _SNAKE.match(text, at)
    return (Link(_words(match[0])), match.end()) if match else None


def link(text: str, at: int) -> Found | None:
    """Read an e-mail or web address; without a scheme only where the top-level domain is known (README.md is none)."""
    match = _EMAIL.match(text, at)
    if match is not None:
        return Link((*_pieces(match[1]), "@", *_pieces(match[2]))), match.end()
    match = _URL.match(text, at)
    if match is None:
        return None
    host = match["host"]
    domain = host.rpartition(".")[2].lower()
    if not match["scheme"] and (domain not in _TOP_LEVEL or "." not in host or not host.split(".")[-2][:1].isalnum()):
        return None
    # Only now: 1/1/1/... would otherwise be searched to its end at every digit.
    path = _PATH.match(text, match.end(), match.end() + _LONGEST_LINK)
    written = (match[0] + (path[0] if path else "")).rstrip(".,;:!?)]}'*_")
    said = written[len(match["scheme"] or "") :].rstrip("/")
    return Link(_pieces(said)), at + len(written)


def _words(text: str) -> tuple[str, ...]:
    return tuple(part for part in _pieces(text) if part not in "._")


def _pieces(text: str) -> tuple[str, ...]:
    return tuple(_PIECES.findall(text))
