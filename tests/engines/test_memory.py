"""Memory that is freed goes back to the system."""

import subprocess
import sys

import pytest

PROGRAM = """
import threading
import numpy as np
from wyoming_cosyvoice.engines.memory import return_large_blocks

def resident():
    with open("/proc/self/statm", encoding="ascii") as stream:
        return int(stream.read().split()[1]) * 4096 / 1e6

def work():
    # blocks below glibc's largest limit; a small one above each keeps the heap from shrinking
    for _ in range(5):
        blocks = [(np.ones(5 << 20, np.uint8), np.ones(5000, np.uint8)) for _ in range(8)]
        kept.append([small for _, small in blocks])
        del blocks

if {returning}:
    return_large_blocks()
kept = []
np.ones(30 << 20, np.uint8)  # raises the limit
before = resident()
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(resident() - before)
"""


def growth(*, returning: bool) -> float:
    command = [sys.executable, "-c", PROGRAM.format(returning=returning)]
    return float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_large_blocks_are_returned() -> None:
    assert growth(returning=True) < 10


FREED = """
from wyoming_cosyvoice.engines.memory import return_freed

def resident():
    with open("/proc/self/statm", encoding="ascii") as stream:
        return int(stream.read().split()[1]) * 4096 / 1e6

kept, freed = [], []
for number in range(60_000):
    # Python asks the C library for what is larger than 512 bytes; one block in fifty stays, and holds the heap up
    (freed if number % 50 else kept).append(bytes(1000))
freed.clear()
before = resident()
return_freed()
print(before - resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_was_freed_is_returned() -> None:
    found = subprocess.run([sys.executable, "-c", FREED], capture_output=True, check=True, text=True).stdout
    assert float(found) > 20
