"""The table of rewritten idioms is what its script made."""

from __future__ import annotations

import json

from tests.idioms.rewrites import PAGE, TABLE, page, pasted

ROWS = json.loads(TABLE.read_text(encoding="utf-8"))


def test_the_page_is_made_from_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(ROWS)


def test_no_rewrite_was_wrong_when_it_was_pasted() -> None:
    assert {row["pasted"] for row in ROWS.values() if "pasted" in row} <= {"exact", "refused"}
    assert sum(row.get("pasted") == "exact" for row in ROWS.values()) >= 2


def test_places_are_those_of_the_programs() -> None:
    places = [row["where"] for row in ROWS.values() if row.get("where")]
    assert places
    assert [place for place in places if not place.startswith("tests/idioms/pipelines/")] == []


def test_pasting_replaces_lines() -> None:
    lines = [
        "a.py, instead of lines 2 to 3:",
        "    x = 1",
        "(replayed)",
    ]
    text = "\n".join(lines)
    assert pasted(text, "one\ntwo\nthree\nfour\n") == "one\nx = 1\nfour\n"
