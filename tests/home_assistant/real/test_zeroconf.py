"""A server that announces itself is found: in a network of its own, so that nothing of it leaves this machine."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.home_assistant.real.home import Home
from tests.home_assistant.real.server import PATIENCE, ROOT, CosyVoice

INSIDE = "COSYVOICE_TEST_NETWORK"
NETWORK = """
set -e
ip link set lo up
ip link add house type veth peer name street
ip address add 10.81.0.2/24 dev house
ip link set house up
ip link set street up
ip route add default via 10.81.0.1
exec "$@"
"""


def test_in_a_network_of_its_own(tmp_path: Path) -> None:
    if os.environ.get(INSIDE):
        pytest.skip("this is the network of its own")
    if shutil.which("ip") is None or shutil.which("unshare") is None:
        pytest.skip("needs the commands ip and unshare")
    house = ["unshare", "--net", "bash", "-c", NETWORK, "bash"]
    if subprocess.run([*house, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not allow networks of one's own (root is needed, and a kernel with veth)")
    test = [sys.executable, "-m", "pytest", "-c", str(Path(__file__).with_name("pytest.ini")), "--basetemp"]
    done = subprocess.run(
        [*house, *test, str(tmp_path / "inside"), f"{__file__}::test_a_server_is_found_and_added"],
        env={**os.environ, INSIDE: "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


async def test_a_server_is_found_and_added(tmp_path: Path) -> None:
    if not os.environ.get(INSIDE):
        pytest.skip("runs in a network of its own only")
    cosyvoice = CosyVoice(tmp_path)
    cosyvoice.host = "10.81.0.2"
    home = Home(tmp_path / "config")
    try:
        await asyncio.gather(home.start(alone=True), cosyvoice.start("tone", "--zeroconf", "Living room"))
        async with home.socket() as socket, asyncio.timeout(PATIENCE):
            found = None
            while found is None:
                flows = await socket.ask("config_entries/flow/progress")
                found = next((flow for flow in flows if flow["handler"] == "cosyvoice"), None)
                await asyncio.sleep(0.2)
        assert found["context"]["title_placeholders"] == {"name": "Living room"}
        result = await home.continue_flow(found)
        assert (result["type"], result["title"]) == ("create_entry", "Living room")
        (entry,) = await home.get("/api/config/config_entries/entry?domain=cosyvoice")
        assert entry["state"] == "loaded"
    finally:
        await home.stop()
        cosyvoice.stop()
