"""The conformance kit for pytest: subclass, name your plugin, get the suite."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from leapp_core.plugins.exporters import Exporter
from leapp_core.plugins.runners import Runner
from leapp_core.testing import exporter_checks, runner_checks
from leapp_core.testing.adapter_checks import ADAPTER_CHECKS, AdapterCheck, AdapterSubject
from leapp_core.testing.env_checks import ENV_CHECKS, EnvCheck, EnvSubject
from leapp_core.testing.programs import Case, cases
from leapp_core.testing.subject import CaseRefusedError, Subject

__all__ = [
    "AdapterContract",
    "AdapterSubject",
    "EnvSubject",
    "EnvironmentContract",
    "ExporterContract",
    "RunnerContract",
]

_ALL = cases()
_BATCHABLE = tuple(case for case in _ALL if case.batchable)


class ExporterContract:
    """What an exporter promises.

    Attributes:
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
        """Artifacts compute what the programs compute; what the format cannot express is skipped with the reason."""
        try:
            exporter_checks.exports_case(Subject(self.exporter, self.runner), tmp_path, case)
        except CaseRefusedError as refused:
            if case.name == "mlp":
                pytest.fail(f"an MLP has to be exact: {refused.reason}")
            pytest.skip(f"refused: {refused.reason}")

    def test_a_recurrent_policy_is_exact(self, tmp_path: Path) -> None:
        """One of the recurrent cases is exact."""
        for number, case in enumerate(case for case in _ALL if case.recurrent):
            (tmp_path / str(number)).mkdir()
            try:
                exporter_checks.exports_case(Subject(self.exporter, self.runner), tmp_path / str(number), case)
            except CaseRefusedError:
                continue
            return
        pytest.fail("every recurrent case is refused")

    @pytest.mark.parametrize("case", _BATCHABLE, ids=lambda case: case.name)
    def test_dynamic_batch(self, case: Case, tmp_path: Path) -> None:
        """With the option ``dynamic_batch``, rows are independent."""
        if not exporter_checks.has_dynamic_batch(self.exporter):
            pytest.skip(f"{self.exporter.name} has no option dynamic_batch")
        try:
            exporter_checks.serves_any_batch(Subject(self.exporter, self.runner), tmp_path, case)
        except CaseRefusedError as refused:
            pytest.skip(f"refused: {refused.reason}")


class AdapterContract:
    """What a policy adapter promises.

    Override :meth:`subject`, usually with a checkpoint that your trainer writes in a fixture.
    """

    @pytest.fixture
    def subject(self) -> AdapterSubject:
        """Return the adapter with a checkpoint of its library, and the observations it is loaded with."""
        raise NotImplementedError("return an AdapterSubject")

    @pytest.mark.parametrize("check", ADAPTER_CHECKS, ids=lambda check: check.__name__)
    def test_promise(self, check: AdapterCheck, subject: AdapterSubject, tmp_path: Path) -> None:
        """Every promise."""
        check(subject, tmp_path)


class EnvironmentContract:
    """What an environment provider promises.

    Override :meth:`subject`, with parameters for several tasks.
    """

    @pytest.fixture
    def subject(self) -> EnvSubject:
        """Return the provider with one of its tasks."""
        raise NotImplementedError("return an EnvSubject")

    @pytest.mark.parametrize("check", ENV_CHECKS, ids=lambda check: check.__name__)
    def test_promise(self, check: EnvCheck, subject: EnvSubject, tmp_path: Path) -> None:
        """Every promise."""
        check(subject, tmp_path)


class RunnerContract:
    """What a runner promises.

    Attributes:
        runner: The runner, an instance.
        exporter: An exporter that writes its format.
    """

    runner: ClassVar[Runner]
    exporter: ClassVar[Exporter]

    @pytest.mark.parametrize("check", runner_checks.RUNNER_CHECKS, ids=lambda check: check.__name__)
    def test_promise(self, check: runner_checks.RunnerCheck, tmp_path: Path) -> None:
        """Every promise."""
        check(Subject(self.exporter, self.runner), tmp_path)
