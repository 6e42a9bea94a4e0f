"""Everyday control steps are exact with the code unchanged, over many more steps than were recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.provenance import everyday, modes
from tests.provenance.alone import alone, case_of
from tests.provenance.shadow import verdict


@pytest.mark.parametrize("program", [*everyday.PROGRAMS, *modes.PROGRAMS], ids=lambda program: program.__name__)
def test_exact_as_it_is(program: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = verdict(case_of(alone(program, tmp_path, monkeypatch), steps=30))
    assert found.kind == "gained", found.says
