"""Bundles with another index than the converter's."""

import json
import shutil
from pathlib import Path


def with_index(bundle: Path, to: Path, name: str, text: str | None) -> Path:
    """Copy a bundle with `text` in its file `name`, or without that file, and let the manifest know of it."""
    shutil.copytree(bundle, to)
    manifest = json.loads((to / "manifest.json").read_text("utf-8"))
    if text is None:
        (to / name).unlink()
        del manifest["files"][name]
    else:
        (to / name).write_text(text, "utf-8")
        manifest["files"][name]["bytes"] = (to / name).stat().st_size
    (to / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return to
