"""List, install, verify and remove models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wyoming_cosyvoice import config
from wyoming_cosyvoice.errors import ModelError
from wyoming_cosyvoice.store import manifest as manifests
from wyoming_cosyvoice.store.bundle import PRECISIONS
from wyoming_cosyvoice.store.catalogue import read_catalogue
from wyoming_cosyvoice.store.hubs import SOURCES
from wyoming_cosyvoice.store.library import Library

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions, each with its own flags."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|install|verify|remove")
    for action, about in _ACTIONS.items():
        sub = actions.add_parser(action, help=about, description=f"{about}.")
        config.add_arguments(sub, only=("data_dir", "download_dir"))
        if action == "list":
            sub.add_argument("--json", action="store_true", help="print one JSON array")
        elif action == "verify":
            sub.add_argument("names", nargs="*", metavar="NAME|FOLDER", help="which (default: all that are installed)")
        else:
            sub.add_argument("name", metavar="NAME")
        if action == "install":
            _add_install_flags(sub)


def _add_install_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from",
        dest="folder",
        type=Path,
        metavar="DIR",
        help="install offline, from a folder with the checkpoint's files or with a converted bundle",
    )
    parser.add_argument("--source", choices=SOURCES, default=SOURCES[0], help="where to fetch the checkpoint")
    parser.add_argument("--precision", choices=PRECISIONS, default="int8", help="of the converted weights")
    parser.add_argument("--keep-download", action="store_true", help="keep the checkpoint's files after converting")


_ACTIONS = {
    "list": "Show what is installed and what can be",
    "install": "Fetch a model, convert it and check it; an installed one stays usable meanwhile",
    "verify": "Compare every file of the installed models with its SHA-256",
    "remove": "Delete an installed model",
}


def run(arguments: argparse.Namespace) -> int:
    """Do the action."""
    library = Library(config.from_arguments(arguments).models_dir)
    actions: dict[str, Callable[[argparse.Namespace, Library], int]] = {
        "list": _list,
        "install": _install,
        "verify": _verify,
        "remove": _remove,
    }
    return actions[arguments.action](arguments, library)


def _list(arguments: argparse.Namespace, library: Library) -> int:
    rows: dict[str, dict[str, Any]] = {
        entry.name: {"name": entry.name, "installed": False, "description": entry.description, "licence": entry.licence}
        for entry in read_catalogue().values()
    }
    for item in library.installed():
        row = rows.setdefault(item.folder.name, {"name": item.folder.name, "description": item.manifest.engine})
        row |= {"installed": True, "revision": item.manifest.revision, "bytes": item.manifest.bytes}
    if arguments.json:
        print(json.dumps(list(rows.values()), ensure_ascii=False, indent=2))
        return 0
    for row in rows.values():
        state = f"installed, {row['bytes'] / 1e6:.0f} MB" if row["installed"] else "can be installed"
        print(f"{row['name']:26} {state:22} {row['description']}")
    return 0


def _install(arguments: argparse.Namespace, library: Library) -> int:
    from wyoming_cosyvoice.commands import installation  # noqa: PLC0415 - heavy: it may convert

    if arguments.folder is not None:
        installed = installation.from_folder(library, arguments.name, arguments.folder, arguments.precision)
    else:
        installed = installation.from_catalogue(
            library, arguments.name, arguments.source, arguments.precision, keep=arguments.keep_download
        )
    print(f"{arguments.name}: installed, {installed.manifest.bytes / 1e6:.0f} MB, in {installed.folder}")
    return 0


def _verify(arguments: argparse.Namespace, library: Library) -> int:
    failed = 0
    for name in arguments.names or [item.folder.name for item in library.installed()]:
        try:
            folder = Path(name) if Path(name).is_dir() else _folder_of(name, library)
            manifests.verify(folder, manifests.read_manifest(folder).files, hashes=True)
        except ModelError as error:
            failed += 1
            print(f"{name}: {error}")
        else:
            print(f"{name}: whole and unchanged")
    return 1 if failed else 0


def _folder_of(name: str, library: Library) -> Path:
    found = library.find(name)
    if found is None:
        known = ", ".join(item.folder.name for item in library.installed()) or "none"
        raise ModelError(f"No model {name!r} is installed", f"Installed are: {known}")
    return found.folder


def _remove(arguments: argparse.Namespace, library: Library) -> int:
    library.remove(arguments.name)
    print(f"{arguments.name}: removed")
    return 0
