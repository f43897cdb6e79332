"""The models in the data directory: found, installed in one step, removed."""

from __future__ import annotations

import fcntl
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wyoming_cosyvoice.errors import BadRequestError, ModelError, UnknownModelError
from wyoming_cosyvoice.store.files import written_whole
from wyoming_cosyvoice.store.manifest import FILE_NAME, Manifest, read_manifest, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_PREFERRED = ".preferred"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Installed:
    """A model that lies complete in its folder."""

    folder: Path
    manifest: Manifest


class Library:
    """The folder with the installed models (`Config.models_dir`), one folder a model.

    A model is built in a hidden work folder and takes its place by a rename, so a reader sees the old model or the new
    one. Work folders survive a crash: the next try continues in them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def installed(self) -> list[Installed]:
        """All complete models by name; a damaged manifest raises ModelError only when its model is asked for."""
        found = []
        for folder in sorted(self.folder.glob("[!.]*")):
            if (folder / FILE_NAME).is_file():
                try:
                    found.append(Installed(folder, read_manifest(folder)))
                except ModelError:
                    continue
        return found

    def find(self, name: str) -> Installed | None:
        """Return the model of that name, sizes checked; None if it isn't installed. Raises ModelError if damaged."""
        folder = self._folder(name)
        self._recover(folder)
        if not folder.exists():
            return None
        manifest = read_manifest(folder)
        verify(folder, manifest.files, hashes=False)
        return Installed(folder, manifest)

    def install(self, name: str, build: Callable[[Path], None]) -> Installed:
        """Have `build` fill a work folder, manifest and all, and put it in the place of the model of that name.

        If `build` or the check of what it made fails, the model that was there stays. Raises what `build` raises, or
        ModelError.
        """
        folder = self._folder(name)
        work = folder.with_name(f".{name}.work")
        with self._lock(name):
            self._recover(folder)
            work.mkdir(parents=True, exist_ok=True)
            build(work)
            try:
                manifest = read_manifest(work)
                verify(work, manifest.files, hashes=True)
            except ModelError:
                shutil.rmtree(work)  # a part of it is wrong, so the next try must not continue from it
                raise
            self._tidy(work, manifest)
            self._swap(work, folder)
        return Installed(folder, manifest)

    def prefer(self, name: str) -> None:
        """Have a model come first from now on; raises ModelError if it isn't installed or is damaged."""
        if self.find(name) is None:
            raise self._absent(name)
        with written_whole(self.folder / _PREFERRED) as stream:
            stream.write(name.encode())

    def preferred(self) -> str | None:
        """Return the name that `prefer` was told last; that model may have been removed since."""
        try:
            return (self.folder / _PREFERRED).read_text("utf-8").strip() or None
        except (OSError, UnicodeDecodeError):
            return None

    def remove(self, name: str) -> None:
        """Delete a model; raises ModelError if there is none."""
        folder = self._folder(name)
        if not folder.exists():
            raise self._absent(name)
        with self._lock(name):
            doomed = folder.with_name(f".{name}.old")
            folder.rename(doomed)
            shutil.rmtree(doomed)

    def _absent(self, name: str) -> UnknownModelError:
        known = ", ".join(item.folder.name for item in self.installed()) or "none"
        return UnknownModelError(f"No model {name!r} is installed", f"Installed are: {known}")

    def _folder(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise BadRequestError(f"{name[:80]!r} is no model name", "Use letters, digits, dot, hyphen and underscore")
        return self.folder / name

    @staticmethod
    def _tidy(work: Path, manifest: Manifest) -> None:
        for path in work.rglob("*"):
            if path.is_file() and path.relative_to(work).as_posix() not in {*manifest.files, FILE_NAME}:
                path.unlink()

    @staticmethod
    def _swap(work: Path, folder: Path) -> None:
        old = folder.with_name(f".{folder.name}.old")
        if folder.exists():
            folder.rename(old)
        work.rename(folder)
        shutil.rmtree(old, ignore_errors=True)

    @staticmethod
    def _recover(folder: Path) -> None:
        """Bring the old model back if a crash came between the two renames of a swap."""
        old = folder.with_name(f".{folder.name}.old")
        if old.exists() and not folder.exists():
            old.rename(folder)

    @contextmanager
    def _lock(self, name: str) -> Iterator[None]:
        """Let one process at a time work on a model; the second waits and then finds it done."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f".{name}.lock").open("w") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield
