"""Compiles the kernels of CosyVoice where there is a C compiler; without one ONNX Runtime does their work."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_FOLDER = Path("wyoming_cosyvoice", "engines", "cosyvoice", "kernel")
_SOURCES = ("decode_kernel.c", "flow_kernel.c", "wave_kernel.c")
_LIBRARY = "kernels.so"
# The instruction set is chosen when the server starts, so none is named here.
_FLAGS = ("-O3", "-fPIC", "-shared", "-fno-math-errno", "-fno-trapping-math", "-Wall", "-Wno-psabi")


class Kernels(BuildHookInterface):  # type: ignore[type-arg]
    """Builds the library beside its source, and marks the wheel as one for this platform."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Compile; what goes wrong is said and stops nothing."""
        folder = Path(self.root) / _FOLDER
        compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            self.app.display_warning("No C compiler: CosyVoice will run with ONNX Runtime alone, which takes longer")
            return
        with tempfile.TemporaryDirectory(dir=folder) as work:
            made = Path(work) / _LIBRARY
            command = [
                *compiler.split(),
                *_FLAGS,
                *(str(folder / source) for source in _SOURCES),
                "-o",
                str(made),
                "-pthread",
                "-lm",
            ]
            run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
            if run.returncode:
                self.app.display_warning(f"The kernels were not compiled: {run.stderr.strip()[:500]}")
                return
            made.replace(folder / _LIBRARY)  # a server that runs keeps the one it has
        build_data["pure_python"] = False
        build_data["artifacts"].append(f"{_FOLDER.as_posix()}/{_LIBRARY}")
        build_data["tag"] = "py3-none-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")
