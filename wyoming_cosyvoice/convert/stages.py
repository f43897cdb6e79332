"""The stages of a bundle: which graphs each has, and in which form they pass its quality gate."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from wyoming_cosyvoice.convert.estimator import write_flow_estimator, write_flow_time
from wyoming_cosyvoice.convert.flow_encoder import write_flow_encoder
from wyoming_cosyvoice.convert.language_model import write_language_model
from wyoming_cosyvoice.convert.precision import FLOAT32, GATES, LADDERS
from wyoming_cosyvoice.convert.text_encoder import write_text_encoder
from wyoming_cosyvoice.convert.vocoder import write_f0, write_vocoder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from wyoming_cosyvoice.convert.parts import Parts
    from wyoming_cosyvoice.convert.precision import Form, Stage
    from wyoming_cosyvoice.convert.quality import Reference
    from wyoming_cosyvoice.convert.static import Ranges
    from wyoming_cosyvoice.store.bundle import Precision


def write_stage(
    stage: Stage, folder: Path, parts: Parts, form: Form, ranges: Mapping[str, Ranges] | None = None
) -> None:
    """Write the graphs of one stage in one form; `ranges` are needed where the form is static."""
    if stage == "text_encoder":
        write_text_encoder(folder, parts.llm, parts.llm_layout, form)
    elif stage == "language_model":
        write_language_model(folder, parts.llm, parts.llm_layout, form)
    elif stage == "flow":
        write_flow_encoder(folder, parts.flow, parts.flow_layout, form)
        write_flow_time(folder, parts.flow, parts.flow_layout.estimator, form)
        write_flow_estimator(folder, parts.flow, parts.flow_layout.estimator, parts.head_width, form)
    else:
        write_f0(folder, parts.hift, form)
        write_vocoder(folder, parts.hift, form, ranges or {})


def write_stages(folder: Path, parts: Parts, precision: Precision, reference: Reference) -> dict[str, object]:
    """Write every stage in the smallest form that passes; return what was taken and measured, for the manifest."""
    quality: dict[str, object] = {}
    for stage in LADDERS[precision]:
        if precision == "float32":
            write_stage(stage, folder, parts, FLOAT32)
            continue
        exact = folder / ".float32"
        exact.mkdir()
        write_stage(stage, exact, parts, FLOAT32)
        reference.answer(stage, exact)
        quality[stage] = _first_that_passes(stage, folder, parts, reference, precision=precision)
        shutil.rmtree(exact)
    return quality


def _first_that_passes(
    stage: Stage, folder: Path, parts: Parts, reference: Reference, *, precision: Precision
) -> dict[str, object]:
    refused: list[dict[str, object]] = []
    for form in LADDERS[precision][stage]:
        write_stage(stage, folder, parts, form, reference.ranges)
        if form is FLOAT32:
            break
        figures = reference.measure(stage, folder)
        found: dict[str, object] = {"form": form.name, **{name: round(value, 5) for name, value in figures.items()}}
        if all(limit.holds(figures) for limit in GATES[precision][stage]):
            return found | ({"refused": refused} if refused else {})
        refused.append(found)
    return {"form": FLOAT32.name, **({"refused": refused} if refused else {})}
