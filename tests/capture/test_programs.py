"""Every named program: exact on every backend, or refused with the reason.

Programs are captured here and compared as programs. A selection that covers all operators and constructs
(tests/capture/covering.py) goes through onnx-dynamo and, by turns, one of the other backends in the quick tests; slow
tests put every program through every backend.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from leapp_core.errors import CaptureError
from leapp_core.tracing.result import CapturedPipeline
from tests.capture.case import Case, all_cases
from tests.capture.covering import covering
from tests.capture.harness import (
    BACKENDS,
    FRESH_STEPS,
    Eager,
    capture_case,
    check_program,
    compare,
    outcome,
    run_eagerly,
)
from tests.tiers import spread

CASES = all_cases()
EXACT = [case for case in CASES if case.refused is None]
REFUSED = [case for case in CASES if case.refused is not None]
COVERING = set(covering(CASES).values())
# Quick are those that together meet every operator and construct, and one in sixty of the others.
MORE = [case for case in EXACT if case.name not in COVERING]
QUICK = [*(case for case in EXACT if case.name in COVERING), *spread(MORE, len(MORE) // 60)]
TURNS = {case.name: BACKENDS[:1] + BACKENDS[1:][n % (len(BACKENDS) - 1) :][:1] for n, case in enumerate(EXACT)}


def test_the_suite_is_large_enough():
    assert len(CASES) >= 150
    assert len(REFUSED) >= 30


def named(case: Case) -> str:
    return f"{case.topic}-{case.name}"


@pytest.mark.parametrize("case", QUICK, ids=named)
def test_exact(case: Case, tmp_path: Path) -> None:
    eager = run_eagerly(case, case.steps + FRESH_STEPS)
    captured, seen = capture_case(case, eager)
    for step, (wanted, got) in enumerate(zip(eager.outputs, seen, strict=False)):
        compare(step, wanted, got, 0.0)
    assert len(seen) == case.steps
    check_program(captured, eager, case.tolerance)
    # What a backend refuses, it refuses with the reason.
    by_turns = TURNS[case.name] if case.name in COVERING else ()
    check_backends(case, captured, eager, tuple(dict.fromkeys((*by_turns, *case.limits))), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("case", EXACT, ids=named)
def test_exact_on_every_backend(case: Case, tmp_path: Path) -> None:
    eager = run_eagerly(case, case.steps + FRESH_STEPS)
    captured, _ = capture_case(case, eager)
    check_backends(case, captured, eager, BACKENDS, tmp_path)


@pytest.mark.parametrize("case", spread(REFUSED, len(REFUSED) // 12), ids=lambda case: case.name)
def test_refused_unless_python_is_followed(case: Case) -> None:
    eager = run_eagerly(case, case.steps)
    with pytest.raises(CaptureError, match=case.refused) as caught:
        capture_case(case, eager, follow=False)
    assert caught.value.fix or caught.value.expected
    if case.at is not None:
        assert caught.value.where is not None
        path, line = re.match(r"(.+?):(\d+)", caught.value.where).groups()
        assert case.at in Path(path).read_text(encoding="utf-8").splitlines()[int(line) - 1]


def check_backends(
    case: Case, captured: CapturedPipeline, eager: Eager, backends: tuple[str, ...], folder: Path
) -> None:
    results = {backend: outcome(captured, eager, backend, folder / backend, case) for backend in backends}
    wrong = {backend: result for backend, result in results.items() if not _expected(case, backend, result)}
    assert not wrong


def _expected(case: Case, backend: str, result: str) -> bool:
    limit = case.limits.get(backend)
    if limit is None:
        return result == "exact"
    return result.startswith("refused: ") and re.search(limit, result) is not None
