"""Random programs that keep Python numbers are exact or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.provenance.drawn import check
from tests.tiers import few


@pytest.mark.parametrize("seed", few(range(60), quick=1))
def test_exact_or_refused(seed: int, tmp_path: Path) -> None:
    found, source = check(seed, tmp_path)
    assert found.kind in ("gained", "same", "stops"), f"{found.says}\n{source}"
