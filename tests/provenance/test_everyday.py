"""Everyday control steps are exact with the code unchanged, over many more steps than were recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.provenance import everyday, jumping, modes, nothing
from tests.provenance.alone import alone, case_of
from tests.provenance.shadow import verdict
from tests.tiers import spread

PROGRAMS = [*everyday.PROGRAMS, *modes.PROGRAMS, *jumping.PROGRAMS, *nothing.PROGRAMS]


@pytest.mark.parametrize("program", spread(PROGRAMS, quick=20), ids=lambda program: program.__name__)
def test_exact_as_it_is(program: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = verdict(case_of(alone(program, tmp_path, monkeypatch), steps=30))
    assert found.kind == "gained", found.says
