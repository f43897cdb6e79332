"""Serve text to speech over the Wyoming protocol, and over HTTP if asked to."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from typing import TYPE_CHECKING

from wyoming_cosyvoice import config
from wyoming_cosyvoice.server import lifecycle

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add every setting."""
    config.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT."""
    settings = config.from_arguments(arguments)
    logging.basicConfig(level=logging.DEBUG if settings.debug else logging.INFO, format=settings.log_format)
    if not asyncio.run(lifecycle.serve(settings)):
        # the thread that loads is in the middle of ONNX Runtime: taking the interpreter down under it can crash
        logging.shutdown()
        sys.stdout.flush()
        os._exit(0)
    return 0
