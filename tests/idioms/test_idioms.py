"""Everyday programs: how each comes out is committed, and none is wrong or ends in a bare exception."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.idioms.__main__ import PAGE, PEER, TABLE, page
from tests.idioms.outcomes import outcome
from tests.idioms.variant import Variant, all_variants

VARIANTS = all_variants()
COMMITTED = json.loads(TABLE.read_text(encoding="utf-8"))


def test_the_suite_covers_fifteen_pipelines():
    assert len({variant.pipeline for variant in VARIANTS}) >= 15
    assert len(VARIANTS) >= 84


def test_every_variant_has_its_committed_outcome():
    assert sorted(variant.row for variant in VARIANTS) == sorted(COMMITTED)
    assert {row[kind] for row in COMMITTED.values() for kind in ("outcome", "unfollowed")} <= {"exact", "refused"}


def test_the_page_is_made_from_the_tables():
    peer = json.loads(PEER.read_text(encoding="utf-8"))
    assert sorted(peer) == sorted(COMMITTED)
    assert PAGE.read_text(encoding="utf-8") == page(COMMITTED, peer)


@pytest.mark.slow
@pytest.mark.parametrize("follow", [True, False], ids=["outcome", "unfollowed"])
@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.row)
def test_outcome(variant: Variant, follow: bool, tmp_path: Path) -> None:
    found = outcome(variant, tmp_path, {"follow": follow})
    assert found.kind == COMMITTED[variant.row]["outcome" if follow else "unfollowed"], found.detail


@pytest.mark.parametrize("row", ["action_repeat/CountDown", "discrete/IfElif", "filters/LowPassFirst"])
def test_what_people_write_is_exact(row: str, tmp_path: Path) -> None:
    variant = next(v for v in VARIANTS if v.row == row)
    found = outcome(variant, tmp_path)
    assert found.kind == "exact", found.detail
