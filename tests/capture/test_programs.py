"""Every named program: exact on every backend, or refused with the reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from leapp_core.errors import CaptureError
from tests.capture.case import Case, all_cases
from tests.capture.harness import BACKENDS, FRESH_STEPS, capture_case, check_program, compare, outcome, run_eagerly

CASES = all_cases()
EXACT = [case for case in CASES if case.refused is None]
REFUSED = [case for case in CASES if case.refused is not None]


def test_the_suite_is_large_enough():
    assert len(CASES) >= 150
    assert len(REFUSED) >= 30


@pytest.mark.parametrize("case", EXACT, ids=lambda case: f"{case.topic}-{case.name}")
def test_exact(case: Case, tmp_path: Path) -> None:
    eager = run_eagerly(case, case.steps + FRESH_STEPS)
    captured, seen = capture_case(case, eager)
    for step, (wanted, got) in enumerate(zip(eager.outputs, seen, strict=False)):
        compare(step, wanted, got, 0.0)
    assert len(seen) == case.steps
    check_program(captured, eager, case.tolerance)
    results = {backend: outcome(captured, eager, backend, tmp_path / backend, case) for backend in BACKENDS}
    wrong = {backend: result for backend, result in results.items() if not _expected(case, backend, result)}
    assert not wrong


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_refused(case: Case) -> None:
    eager = run_eagerly(case, case.steps)
    with pytest.raises(CaptureError, match=case.refused) as caught:
        capture_case(case, eager)
    assert caught.value.fix or caught.value.expected
    if case.at is not None:
        assert caught.value.where is not None
        path, line = re.match(r"(.+?):(\d+)", caught.value.where).groups()
        assert case.at in Path(path).read_text(encoding="utf-8").splitlines()[int(line) - 1]


def _expected(case: Case, backend: str, result: str) -> bool:
    limit = case.limits.get(backend)
    if limit is None:
        return result == "exact"
    return result.startswith("refused: ") and re.search(limit, result) is not None
