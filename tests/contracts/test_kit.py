"""The conformance kit finds exporters and runners that break their promises."""

from __future__ import annotations

import dataclasses
import time
from functools import partial

import pytest
import torch

from leapp_backends.exported_program.exporter import Pt2Exporter
from leapp_backends.exported_program.runner import Pt2Runner
from leapp_core.errors import BundleError, ExportError
from leapp_core.plugins.exporters import ExportRequest, NodeProgram, WrittenArtifact
from leapp_core.plugins.options import NoOptions
from leapp_core.testing import exporter_checks, runner_checks
from leapp_core.testing.conformance import check_exporter, judge, needed
from leapp_core.testing.programs import cases
from leapp_core.testing.subject import ContractBrokenError, Subject

MLP = cases()[0]


class Perturbing(Pt2Exporter):
    def export(self, request: ExportRequest) -> WrittenArtifact:
        with torch.no_grad():
            for tensor in request.program.exported.state_dict.values():
                tensor += 1e-2
        return super().export(request)


class Littering(Pt2Exporter):
    def export(self, request: ExportRequest) -> WrittenArtifact:
        (request.destination.parent / "debug.txt").write_text("left behind")
        return super().export(request)


class Splitting(Pt2Exporter):
    """A format of two files, as its runner says."""

    further = "policy.weights"

    def export(self, request: ExportRequest) -> WrittenArtifact:
        (request.destination.parent / self.further).write_bytes(b"weights")
        return super().export(request)


class Elsewhere(Splitting):
    further = "weights"


class SplitRunner(Pt2Runner):
    further = Splitting.further

    def reads(self, path):
        return (self.further,)

    def open(self, path, spec, settings):
        if not (path.parent / self.further).is_file():
            raise BundleError(f"the file {self.further} is missing")
        return super().open(path, spec, settings)


class ElsewhereRunner(SplitRunner):
    further = Elsewhere.further


class BlindRunner(SplitRunner):
    """Says that it reads a file, and opens an artifact without it."""

    def open(self, path, spec, settings):
        return Pt2Runner().open(path, spec, settings)


class Stamping(Pt2Exporter):
    def export(self, request: ExportRequest) -> WrittenArtifact:
        stamped = {**request.metadata, "made": str(time.perf_counter_ns())}
        return super().export(dataclasses.replace(request, metadata=stamped))


class Telling(Pt2Exporter):
    def export(self, request: ExportRequest) -> WrittenArtifact:
        told = {**request.metadata, "made in": str(request.destination.parent)}
        return super().export(dataclasses.replace(request, metadata=told))


class Swallowing(Pt2Exporter):
    def export(self, request: ExportRequest) -> WrittenArtifact:
        try:
            return super().export(request)
        except (OSError, ExportError):
            return WrittenArtifact(request.destination)


class Careless(Pt2Exporter):
    def parse_options(self, given):
        return self.options_type()


class Mixing(Pt2Exporter):
    """Says that its batch is dynamic and is not."""

    def export(self, request: ExportRequest) -> WrittenArtifact:
        return super().export(dataclasses.replace(request, options=self.options_type()))


class Anonymous(Pt2Exporter):
    suffix = "pt2"


@pytest.mark.parametrize(
    ("exporter", "check", "message"),
    [
        (Perturbing(), exporter_checks.leaves_the_program_alone, "the program was changed"),
        (Littering(), exporter_checks.writes_only_its_files, r"wrote \['debug.txt', 'policy.pt2'\]"),
        (Stamping(), exporter_checks.writes_equal_bytes, "two exports of one program differ"),
        (Telling(), exporter_checks.holds_no_paths, "the file policy.pt2 holds the path"),
        (Swallowing(), exporter_checks.tells_of_failed_writes, "was reported as success"),
        (Careless(), exporter_checks.refuses_bad_options, "parse_options accepted"),
        (Anonymous(), exporter_checks.describes_itself, "must begin with a dot"),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_a_broken_promise_is_found(exporter, check, message, tmp_path):
    check(Subject(Pt2Exporter(), Pt2Runner()), tmp_path)
    (tmp_path / "broken").mkdir()
    with pytest.raises(ContractBrokenError, match=message):
        check(Subject(exporter, Pt2Runner()), tmp_path / "broken")


def test_a_format_may_have_several_files(tmp_path):
    exporter_checks.writes_only_its_files(Subject(Splitting(), SplitRunner()), tmp_path)
    runner_checks.refuses_damaged_files(Subject(Splitting(), SplitRunner()), tmp_path)


def test_further_files_are_called_like_the_artifact(tmp_path):
    with pytest.raises(ContractBrokenError, match="other files only with names that begin with 'policy'"):
        exporter_checks.writes_only_its_files(Subject(Elsewhere(), ElsewhereRunner()), tmp_path)


def test_a_runner_reads_what_the_exporter_writes(tmp_path):
    with pytest.raises(ContractBrokenError, match=r"and the runner reads \['policy.weights'\]"):
        exporter_checks.writes_only_its_files(Subject(Pt2Exporter(), SplitRunner()), tmp_path)


def test_a_runner_that_does_not_miss_its_further_file_is_found(tmp_path):
    with pytest.raises(ContractBrokenError, match=r"an artifact without its file policy\.weights was opened"):
        runner_checks.refuses_damaged_files(Subject(Splitting(), BlindRunner()), tmp_path)


def test_a_batch_that_is_not_dynamic_is_found(tmp_path):
    with pytest.raises(ContractBrokenError, match="no input has a symbolic size"):
        exporter_checks.serves_any_batch(Subject(Mixing(), Pt2Runner()), tmp_path, MLP)


class Rounding(Pt2Exporter):
    def export(self, request: ExportRequest) -> WrittenArtifact:
        program = request.program
        first = next(iter(program.exported.state_dict.values()))
        kept = first.clone()
        try:
            with torch.no_grad():
                first += 1e-3
            return super().export(request)
        finally:
            with torch.no_grad():
                first.copy_(kept)


def test_wrong_values_are_found_with_port_and_element(tmp_path):
    with pytest.raises(ContractBrokenError, match=r"captured step 0: output 'action' differs: element .*expected"):
        exporter_checks.exports_case(Subject(Rounding(), Pt2Runner()), tmp_path, MLP)


class Remembering(Pt2Runner):
    """Reuses one set of result arrays."""

    def open(self, path, spec, settings):
        session, kept = super().open(path, spec, settings), {}

        class Reusing:
            def run(self, inputs):
                for name, value in session.run(inputs).items():
                    kept.setdefault(name, value)[...] = value
                return kept

        return Reusing()


def test_reused_results_are_found(tmp_path):
    with pytest.raises(ContractBrokenError, match="a later run changed arrays returned earlier"):
        runner_checks.gives_own_results(Subject(Pt2Exporter(), Remembering()), tmp_path)


class Refusing(Pt2Exporter):
    options_type = NoOptions

    def check(self, program: NodeProgram, options: object) -> None:
        raise ExportError("this format holds nothing")


@pytest.mark.slow
def test_the_command_line_gets_every_check_with_its_outcome():
    results = list(check_exporter(Refusing(), None))
    by_name = {result.name: result for result in results}
    assert by_name["describes itself"].ok
    assert by_name["exports mlp"].verdict == "failed"
    assert by_name["exports mlp"].detail.startswith(
        "the refusal names no operator or element type and no fix: this format holds nothing"
    )
    assert len(results) == len(exporter_checks.GENERAL) + len(cases()) + 2


class Small(Pt2Exporter):
    """A format with a small set of operators, which refuses the rest as the contract asks."""

    operators = frozenset({"linear", "addmm", "elu", "tanh", "gru", "permute", "sub", "div", "clamp", "unsqueeze", "t"})
    named, fix = True, "use another backend"

    def check(self, program: NodeProgram, options: object) -> None:
        for node in program.exported.graph.nodes:
            name = str(node.target).split(".")[1] if node.op == "call_function" and "." in str(node.target) else None
            if name is not None and name not in (*self.operators, "squeeze"):
                raise ExportError(f"no operator {name!r}" if self.named else "too much", fix=self.fix)


def outcome(exporter: Pt2Exporter, case_name: str, folder) -> str:
    (case,) = [case for case in cases() if case.name == case_name]
    check = partial(exporter_checks.exports_case, Subject(exporter, Pt2Runner()), case=case)
    return ": ".join(judge(check, folder, "exact"))


def test_a_refusal_that_says_what_and_what_to_do_is_no_failure(tmp_path):
    assert outcome(Small(), "mlp", tmp_path) == "exact: "
    assert outcome(Small(), "camera", tmp_path).startswith("refused: no operator 'conv2d'\n  fix: use another backend")


@pytest.mark.parametrize(
    ("named", "fix", "said"),
    [
        (True, None, "names no fix"),
        (False, "use another", "names no operator or element type"),
        (False, None, "and no fix"),
    ],
)
def test_a_refusal_that_helps_nobody_is_a_failure(named, fix, said, tmp_path):
    exporter = Small()
    exporter.named, exporter.fix = named, fix
    assert said in outcome(exporter, "camera", tmp_path)
    assert outcome(exporter, "camera", tmp_path).startswith("failed")


@pytest.mark.parametrize(
    "message",
    ["it is too much to go into the file", "where nothing fits, any of all clones", "sooner or later it fails"],
)
def test_everyday_words_are_no_names_of_operators(message, tmp_path):
    class Talkative(Pt2Exporter):
        def check(self, program: NodeProgram, options: object) -> None:
            raise ExportError(message, where="line 3", fix="compute in float32, bool, int64")

    for case in ("masks and indices", "history in place", "integers and flags"):
        assert "names no operator or element type" in outcome(Talkative(), case, tmp_path)


def test_who_refuses_every_recurrent_policy_fails():
    grades = {result.name: result for result in needed({"exports mlp": "exact", "exports gru": "refused"})}
    assert grades["takes an MLP"].verdict == "exact"
    assert grades["takes a recurrent policy"].verdict == "failed"
    assert "exports lstm, two layers" in grades["takes a recurrent policy"].detail
    assert [result.verdict for result in needed({"exports mlp": "failed", "exports lstm": "exact"})] == [
        "failed",
        "exact",
    ]


def test_what_was_not_run_is_not_called_exact():
    assert [result.verdict for result in needed({"exports mlp": "ok", "exports gru": "ok"})] == ["ok", "ok"]
