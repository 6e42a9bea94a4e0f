"""The conformance kit for pytest: subclass, name your plugin, get the suite."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

import pytest

from leapp_core.plugins.consumers import Consumer
from leapp_core.plugins.exporters import Exporter, ProgramPass
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.runners import Runner
from leapp_core.testing import consumer_checks, exporter_checks, pass_checks, runner_checks
from leapp_core.testing.adapter_checks import ADAPTER_CHECKS, AdapterCheck, AdapterSubject
from leapp_core.testing.bundles import KitBundle, kit_bundles
from leapp_core.testing.consumer_checks import CONSUMER_CHECKS, ConsumerCheck, ConsumerSubject
from leapp_core.testing.env_checks import ENV_CHECKS, EnvCheck, EnvSubject
from leapp_core.testing.pass_checks import PASS_CHECKS, PassCheck, PassSubject
from leapp_core.testing.programs import Case, cases
from leapp_core.testing.subject import CaseRefusedError, Subject

__all__ = [
    "AdapterContract",
    "AdapterSubject",
    "ConsumerContract",
    "ConsumerSubject",
    "EnvSubject",
    "EnvironmentContract",
    "ExporterContract",
    "PassContract",
    "PassSubject",
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


class ConsumerContract:
    """What a consumer promises.

    Attributes:
        consumer: The consumer, an instance.
        takes: Names of bundles of the kit that it has to take, such as ``joint positions``.
        refuses: Names of bundles of the kit to the rule that each breaks.
    """

    consumer: ClassVar[Consumer]
    takes: ClassVar[tuple[str, ...]] = ()
    refuses: ClassVar[Mapping[str, str]] = MappingProxyType({})

    @pytest.mark.parametrize("check", CONSUMER_CHECKS, ids=lambda check: check.__name__)
    def test_promise(self, check: ConsumerCheck, tmp_path: Path) -> None:
        """Every general promise."""
        check(ConsumerSubject(self.consumer), tmp_path)

    @pytest.mark.parametrize("bundle", kit_bundles(PluginManager()), ids=lambda bundle: bundle.name)
    def test_bundle(self, bundle: KitBundle, tmp_path: Path) -> None:
        """A bundle is taken, or refused with what is the case and what to do."""
        refused = None
        try:
            consumer_checks.judges_bundle(ConsumerSubject(self.consumer), tmp_path, bundle)
        except CaseRefusedError as error:
            refused = error.reason
        assert bundle.name not in self.takes or refused is None, refused
        if bundle.name in self.refuses:
            assert refused is not None, f"{bundle.name} is taken"
            assert self.refuses[bundle.name] in {line.partition(":")[0] for line in refused.splitlines()}

    def test_expectations_name_bundles_of_the_kit(self) -> None:
        """A name that is misspelt would expect nothing."""
        known = {bundle.name for bundle in kit_bundles(PluginManager())}
        assert {*self.takes, *self.refuses} <= known


class PassContract:
    """What a program pass promises.

    Attributes:
        program_pass: The pass, an instance.
        others: Passes that have to run before it.
    """

    program_pass: ClassVar[ProgramPass]
    others: ClassVar[tuple[ProgramPass, ...]] = ()

    @pytest.mark.parametrize("check", PASS_CHECKS, ids=lambda check: check.__name__)
    def test_promise(self, check: PassCheck, tmp_path: Path) -> None:
        """Every general promise."""
        check(PassSubject(self.program_pass, self.others), tmp_path)

    def test_programs_compute_what_they_did(self, tmp_path: Path) -> None:
        """Every policy of the kit and the pass's own example are exact, and one of them is rewritten."""
        subject = PassSubject(self.program_pass, self.others)
        verdicts = [pass_checks.rewrites_case(subject, tmp_path, case) for case in pass_checks.pass_cases(subject)]
        assert "exact" in verdicts, pass_checks.NOTHING_REWRITTEN
