"""Make a bundle for the server of a folder with an official CosyVoice-300M checkpoint."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tqdm import tqdm

from wyoming_cosyvoice.errors import ModelError
from wyoming_cosyvoice.store.bundle import PRECISIONS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from wyoming_cosyvoice.convert.bundle import Progress
    from wyoming_cosyvoice.store.bundle import Manifest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument(
        "checkpoint", type=Path, metavar="CHECKPOINT_DIR", help="folder with llm.pt, flow.pt, hift.pt and spk2info.pt"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="BUNDLE_DIR", help="folder to write")
    parser.add_argument("--precision", choices=PRECISIONS, default=PRECISIONS[0], help="of the weights")
    parser.add_argument("--name", default="", help="name of the model (default: that of the checkpoint's folder)")
    parser.add_argument("--force", action="store_true", help="replace a bundle that is already there")


def run(arguments: argparse.Namespace) -> int:
    """Convert, with a bar on standard error where that is a terminal."""
    try:
        # the extra is looked for here, so that a missing one is told and not traced
        from wyoming_cosyvoice.convert.bundle import Conversion, convert  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ModelError(
            f"Converting needs the package {error.name}", "Install wyoming-cosyvoice with its extra `convert`"
        ) from error
    conversion = Conversion(
        arguments.checkpoint, arguments.output, arguments.precision, arguments.name, arguments.force
    )
    quiet = None if sys.stderr.isatty() else True
    with tqdm(unit="B", unit_scale=True, desc="Checking", disable=quiet, leave=False) as bar:
        manifest = convert(conversion, cast("Progress", bar))
    size = sum(record.bytes for record in manifest.files.values())
    print(
        f"{arguments.output}: {manifest.name}, {manifest.precision}, {size / 1e6:.0f} MB,"
        f" {len(manifest.voices)} voices, revision {manifest.revision}"
    )
    for line in _quality_table(manifest):
        print(line)
    return 0


def _quality_table(manifest: Manifest) -> list[str]:
    """Return one line a stage: its form, what that costs beside float32, and smaller forms that did not pass."""
    lines = []
    for stage, entry in manifest.quality.items():
        figures = dict(cast("Mapping[str, object]", entry))
        form, refused = figures.pop("form"), cast("Sequence[Mapping[str, object]]", figures.pop("refused", ()))
        cost = ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in figures.items())
        failed = "".join(f"; not good enough: {other['form']}" for other in refused)
        lines.append(f"  {stage:<16}{form:<26}{cost}{failed}")
    return lines
