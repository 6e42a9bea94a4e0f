"""The conformance kit for pytest: subclass, name your plugin, get the suite."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from leapp_core.plugins.exporters import Exporter
from leapp_core.plugins.runners import Runner
from leapp_core.testing import exporter_checks, runner_checks
from leapp_core.testing.programs import Case, cases
from leapp_core.testing.subject import Subject

_ALL = cases()
_BATCHABLE = tuple(case for case in _ALL if case.batchable and not case.refusable)


class ExporterContract:
    """What an exporter promises.

    Class attributes:
        exporter: The exporter, an instance.
        runner: The runner of its format; ``None`` leaves out what needs to run an artifact.
    """

    exporter: ClassVar[Exporter]
    runner: ClassVar[Runner | None] = None

    @pytest.mark.parametrize("check", exporter_checks.GENERAL, ids=lambda check: check.__name__)
    def test_promise(self, check: exporter_checks.Check, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
        """Every general promise, without a word on the console."""
        check(Subject(self.exporter, self.runner), tmp_path)
        printed = capfd.readouterr()
        assert printed.out + printed.err == ""

    @pytest.mark.parametrize("case", _ALL, ids=lambda case: case.name)
    def test_case(self, case: Case, tmp_path: Path) -> None:
        """Artifacts compute what the programs compute."""
        exporter_checks.exports_case(Subject(self.exporter, self.runner), tmp_path, case)

    @pytest.mark.parametrize("case", _BATCHABLE, ids=lambda case: case.name)
    def test_dynamic_batch(self, case: Case, tmp_path: Path) -> None:
        """With the option ``dynamic_batch``, rows are independent."""
        if not exporter_checks.has_dynamic_batch(self.exporter):
            pytest.skip(f"{self.exporter.name} has no option dynamic_batch")
        exporter_checks.serves_any_batch(Subject(self.exporter, self.runner), tmp_path, case)


class RunnerContract:
    """What a runner promises.

    Class attributes:
        runner: The runner, an instance.
        exporter: An exporter that writes its format.
    """

    runner: ClassVar[Runner]
    exporter: ClassVar[Exporter]

    @pytest.mark.parametrize("check", runner_checks.RUNNER_CHECKS, ids=lambda check: check.__name__)
    def test_promise(self, check: runner_checks.RunnerCheck, tmp_path: Path) -> None:
        """Every promise."""
        check(Subject(self.exporter, self.runner), tmp_path)
