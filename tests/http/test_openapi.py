"""The OpenAPI description is true: schemathesis attacks every operation and compares the answers with it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.http.process import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# a text longer than the description allows is refused as too large
SETTINGS = """
[checks.negative_data_rejection]
expected-statuses = [400, 401, 404, 405, 413, 415]
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path, "tone", "--http-token", "secret", "--http-rate-limit", "0", "--max-text-length", "200")
    running.start()
    yield running
    running.stop()


@pytest.mark.slow
def test_every_answer_is_as_described(server: Server, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}openapi.json", "--max-examples", "10"]
    command += ["--header", "Authorization: Bearer secret", "--phases", "coverage,fuzzing"]
    # not /models: it finds the catalogue's names in the answers, and would begin to install what it finds
    command += ["--exclude-path-regex", "^/models"]
    command += ["--checks", "all", "--seed", "1", "--no-color", "--request-timeout", "30"]
    (tmp_path / "schemathesis.toml").write_text(SETTINGS)
    # its own folder: it writes a database of examples where it runs
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "No issues found" in result.stdout
