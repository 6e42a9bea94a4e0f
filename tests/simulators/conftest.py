"""Simulator cases run once per test session, however many tests look at them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.simulators.__main__ import SIMULATORS, run_cases
from tests.simulators.cases import CASES, Case, groups
from tests.simulators.venvs import Simulator

INSTALL = "LEAPP_SIMULATORS_INSTALL"


@pytest.fixture(scope="session")
def simulator() -> Callable[[str], Simulator]:
    """Return a function that gives a simulator that is installed; it installs it where that is asked for."""

    def ready(name: str) -> Simulator:
        found = SIMULATORS[name]
        if not found.ready:
            if os.environ.get(INSTALL) != "1":
                pytest.skip(f"no {found.home / name}; {INSTALL}=1 makes it (minutes, gigabytes)")
            found.ensure()
        return found

    return ready


@pytest.fixture(scope="session")
def outcome(simulator: Callable[[str], Simulator]) -> Callable[[Case], dict[str, Any]]:
    """Return a function that gives what a case came to."""
    known: dict[str, dict[str, Any]] = {}

    def of(case: Case) -> dict[str, Any]:
        simulator(case.env)
        if case.name not in known:
            known.update(run_cases(next(group for group in groups(CASES) if case in group)))
        found = known[case.name]
        assert "failure" not in found, found["failure"]
        return found

    return of
