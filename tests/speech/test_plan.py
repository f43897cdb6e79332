"""A text in pieces becomes the same clauses however it was cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from wyoming_cosyvoice.speech.plan import Planner, PlanSettings

if TYPE_CHECKING:
    from wyoming_cosyvoice.text.clause import Clause

SETTINGS = PlanSettings()


def plan(*pieces: str, settings: PlanSettings = SETTINGS) -> list[Clause]:
    planner = Planner(settings)
    return [clause for piece in pieces for clause in planner.feed(piece)] + planner.finish()


def test_a_short_first_clause_comes_out_before_the_text_is_over() -> None:
    planner = Planner(SETTINGS)
    early = planner.feed("好的，客厅的灯已经打开了，现在")
    assert [clause.text for clause in early] == ["好的，客厅的灯已经打开了，"]
    assert [clause.text for clause in planner.finish()] == ["现在"]


@given(st.text(max_size=200), st.data())
def test_any_cutting_gives_the_same_clauses(text: str, data: st.DataObject) -> None:
    whole = plan(text)
    assert plan(*text) == whole
    cut = data.draw(st.integers(0, len(text)))
    assert plan(text[:cut], text[cut:]) == whole
