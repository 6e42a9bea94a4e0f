"""Everyday programs: how each comes out is committed, and none is wrong or ends in a bare exception."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.idioms.__main__ import TABLE
from tests.idioms.outcomes import outcome
from tests.idioms.variant import Variant, all_variants

VARIANTS = all_variants()
COMMITTED = json.loads(TABLE.read_text(encoding="utf-8"))


def test_the_suite_covers_fifteen_pipelines():
    assert len({variant.pipeline for variant in VARIANTS}) >= 15
    assert len(VARIANTS) >= 84


def test_every_variant_has_its_committed_outcome():
    assert sorted(variant.row for variant in VARIANTS) == sorted(COMMITTED)
    assert {row["outcome"] for row in COMMITTED.values()} <= {"exact", "refused"}


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.row)
def test_outcome(variant: Variant, tmp_path: Path) -> None:
    found = outcome(variant, tmp_path)
    assert found.kind == COMMITTED[variant.row]["outcome"], found.detail
