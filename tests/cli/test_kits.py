"""``leapp backends test``, ``leapp adapters test`` and ``leapp envs test``: what they print, and when they fail."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest

from leapp_backends.exported_program.exporter import Pt2Exporter
from leapp_backends.exported_program.runner import Pt2Runner
from leapp_core import hookimpl
from leapp_core.cli.conformance import run_conformance, show_results
from leapp_core.errors import ExportError
from leapp_core.plugins.exporters import NodeProgram
from leapp_core.plugins.manager import PluginManager
from leapp_core.testing.conformance import CheckResult
from leapp_rsl_rl.environments.builtin.catalog import BUILTIN_TASKS, find_task
from tests.cli.invoke import leapp

RESULTS = (
    CheckResult("describes itself", "ok", "", 0.0),
    CheckResult("exports mlp", "exact", "", 0.2),
    CheckResult("exports camera", "refused", "no operator 'conv2d'\n  fix: use onnx", 0.1),
)
CHECKPOINT = find_task("Builtin-Reach-Arm").checkpoint


def shown(results: Any, capsys: pytest.CaptureFixture[str], *, as_json: bool = False) -> tuple[bool, str]:
    held = show_results(results, {"backend": "small"}, as_json=as_json)
    return held, capsys.readouterr().out


def test_a_refusal_is_shown_with_its_reason_and_fails_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    held, text = shown(RESULTS, capsys)
    assert held
    assert text.splitlines() == [
        "ok      describes itself (0.0 s)",
        "exact   exports mlp (0.2 s)",
        "refused exports camera (0.1 s)",
        "        no operator 'conv2d'",
        "          fix: use onnx",
        "1 exact, 1 refused, 0 failed; 1 other checks hold",
    ]


def test_a_failure_is_counted_and_decides(capsys: pytest.CaptureFixture[str]) -> None:
    failed = CheckResult("exports gru", "failed", "output 'action' differs", 0.1)
    held, text = shown((*RESULTS, failed), capsys, as_json=True)
    assert not held
    facts = json.loads(text)
    assert facts["ok"] is False
    assert facts["counts"] == {"exact": 1, "refused": 1, "failed": 1, "ok": 1}
    assert [check["verdict"] for check in facts["checks"]] == ["ok", "exact", "refused", "failed"]


@pytest.mark.slow
def test_a_small_format_passes_and_one_without_recurrence_does_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Small(Pt2Exporter):
        name: ClassVar[str] = "small"
        format: ClassVar[str] = "small"
        aliases: ClassVar[tuple[str, ...]] = ()
        lacks = ("conv2d", "scaled_dot_product_attention")

        def check(self, program: NodeProgram, options: object) -> None:
            for node in program.exported.graph.nodes:
                for name in self.lacks:
                    if f".{name}." in str(node.target):
                        raise ExportError(f"no operator {name!r}", fix="use --backend pt2")

    class SmallRunner(Pt2Runner):
        name: ClassVar[str] = "small"
        aliases: ClassVar[tuple[str, ...]] = ()

    class Plugin:
        @hookimpl
        def leapp_register_exporters(self, registry: Any) -> None:
            registry.add(Small())

        @hookimpl
        def leapp_register_runners(self, registry: Any) -> None:
            registry.add(SmallRunner())

    plugins = PluginManager()
    plugins.register(Plugin(), "small")
    assert run_conformance(Small(), plugins, as_json=True)
    facts = json.loads(capsys.readouterr().out)
    assert facts["runner"] == "small"
    assert {c["name"] for c in facts["checks"] if c["verdict"] == "refused"} >= {"exports camera", "exports attention"}
    monkeypatch.setattr(Small, "lacks", ("gru", "lstm", "sigmoid"))
    assert not run_conformance(Small(), plugins, as_json=False)
    text = capsys.readouterr().out
    assert "FAILED  takes a recurrent policy" in text
    assert "exact   takes an MLP" in text


def test_an_adapter_is_tested_in_its_task() -> None:
    done = leapp("adapters", "test", "rsl_rl", "--checkpoint", str(CHECKPOINT), "--task", "Builtin-Reach-Arm")
    assert done.code == 0, done.out + done.err
    assert done.out.splitlines()[-1] == "7 checks hold, 0 failed"
    assert any(line.startswith("ok      runs no code") for line in done.out.splitlines())


def test_an_adapter_is_tested_without_a_task() -> None:
    facts = json.loads(leapp("adapters", "test", "rsl-rl", "--checkpoint", str(CHECKPOINT), "--json").out)
    assert facts["adapter"] == "rsl-rl"
    assert facts["ok"]
    assert len(facts["checks"]) == 7


def test_a_file_of_another_kind_fails_the_kit(tmp_path: Any) -> None:
    (tmp_path / "model.pt").write_text("epoch,reward")
    done = leapp(
        "adapters", "test", "rsl-rl", "--checkpoint", str(tmp_path / "model.pt"), "--task", "Builtin-Reach-Arm"
    )
    assert done.code == 9
    assert "FAILED  knows its files only" in done.out


def test_an_adapter_that_is_not_there_is_named() -> None:
    done = leapp("adapters", "test", "rsl-lr", "--checkpoint", str(CHECKPOINT))
    assert done.code == 2
    assert "did you mean 'rsl-rl'?" in done.err


@pytest.mark.slow
def test_an_environment_is_tested_with_its_first_task_unless_one_is_named() -> None:
    facts = json.loads(leapp("envs", "test", "builtin", "--json").out)
    assert facts["ok"], facts
    assert (facts["environment"], facts["task"]) == ("builtin", BUILTIN_TASKS[0].name)
    assert len(facts["checks"]) == 7


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("bultin",), "did you mean 'builtin'?"), (("builtin", "--task", "Builtin-Reach-Am"), "did you mean 'Builtin-R")],
)
def test_an_environment_or_task_that_is_not_there_is_named(arguments: tuple[str, ...], said: str) -> None:
    done = leapp("envs", "test", *arguments)
    assert done.code == 2
    assert said in done.err
