"""Print what some of Home Assistant's components need to be installed, one requirement a line.

Home Assistant installs a component's requirements when the component is first used. A test that may not reach the
network half-way, and wants to know the versions, installs them before:

    python component_requirements.py tts zeroconf > needed.txt

With `--constraints` prints instead the path of the file of versions that Home Assistant was released with.
"""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path


def home_assistant_folder() -> Path:
    """Return where the package is, without importing it."""
    spec = find_spec("homeassistant")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("component_requirements: homeassistant is not installed here")
    return Path(spec.submodule_search_locations[0])


def requirements(components: list[str], folder: Path) -> set[str]:
    """Return the requirements of components and of all they depend on."""
    needed: set[str] = set()
    seen: set[str] = set()
    waiting = list(components)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        manifest = json.loads((folder / "components" / name / "manifest.json").read_text(encoding="utf-8"))
        needed.update(manifest.get("requirements", []))
        waiting.extend(manifest.get("dependencies", []))
    return needed


def main(arguments: list[str]) -> None:
    """Print to standard output."""
    folder = home_assistant_folder()
    if arguments == ["--constraints"]:
        print(folder / "package_constraints.txt")  # noqa: T201
    else:
        print("\n".join(sorted(requirements(arguments, folder))))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
