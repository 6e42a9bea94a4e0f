"""Every kind of checkpoint file loads exactly, or is refused with what is wrong; none runs code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.checkpoints.__main__ import PAGE, page
from tests.checkpoints.variants import EXACT, VARIANTS, Variant, outcome


@pytest.mark.parametrize("variant", VARIANTS, ids=[variant.name for variant in VARIANTS])
def test_a_variant(variant: Variant, tmp_path: Path) -> None:
    exact, said = outcome(variant, tmp_path)
    if variant.says is None:
        assert (exact, said) == (True, EXACT)
    else:
        assert not exact
        assert re.search(variant.says, said), said
        assert "normalization: false" not in said, "advice that harms"


def test_the_page_is_what_happens(tmp_path: Path) -> None:
    assert len(VARIANTS) >= 30
    assert PAGE.read_text(encoding="utf-8") == page(tmp_path)
