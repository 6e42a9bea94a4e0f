"""Skips that are all right: ``tests/allowed_skips.txt``. Any other fails continuous integration (``CI`` is set)."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

ALLOWED = Path(__file__).with_name("allowed_skips.txt")


@dataclass(frozen=True)
class Allowed:
    """One line of the file.

    Attributes:
        test: Pattern of node ids.
        reason: Pattern of the reason that is printed.
        why: Why nobody misses the test.
    """

    test: str
    reason: str
    why: str


def read(text: str) -> list[Allowed]:
    """Return the lines of the file.

    Raises:
        ValueError: A line has not three parts.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            parts = [part.strip() for part in line.split("|")]
            if len(parts) != 3 or not all(parts):
                raise ValueError(f"line {number} of {ALLOWED.name} is not 'test | reason | why': {line!r}")
            found.append(Allowed(*parts))
    return found


def not_allowed(skipped: Iterable[tuple[str, str]], allowed: Iterable[Allowed]) -> list[tuple[str, str]]:
    """Return the skips, node id and reason, that no line allows."""
    lines = list(allowed)
    return [
        (test, reason)
        for test, reason in skipped
        if not any(fnmatch.fnmatch(test, line.test) and fnmatch.fnmatch(reason, line.reason) for line in lines)
    ]


class Watch:
    """Plugin of pytest: lists the skips that are not allowed, and fails the run if there are any."""

    def __init__(self) -> None:
        self._skipped: dict[tuple[str, str], None] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that was skipped."""
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a file that was skipped."""
        self._note(report)

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self._skipped[report.nodeid, reason.removeprefix("Skipped: ")] = None

    def _forbidden(self) -> list[tuple[str, str]]:
        return not_allowed(self._skipped, read(ALLOWED.read_text(encoding="utf-8")))

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Fail a run that would pass."""
        if exitstatus == pytest.ExitCode.OK and self._forbidden():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell which."""
        forbidden = self._forbidden()
        if forbidden:
            terminalreporter.section(f"{len(forbidden)} skips that tests/{ALLOWED.name} does not allow", red=True)
            for test, reason in forbidden:
                terminalreporter.line(f"{test} | {reason}")
