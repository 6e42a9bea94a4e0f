"""leapp-openvino, built as a wheel and installed where nobody knows of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.plugins.conftest import PLUGINS, Sandbox

pytestmark = pytest.mark.venv
TASK = "Builtin-Balance-Partial"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    made = Sandbox(tmp_path_factory.mktemp("openvino") / "venv")
    made.install_wheel(PLUGINS / "leapp-openvino")
    return made


def test_the_conformance_kit_is_passed(sandbox: Sandbox) -> None:
    done = sandbox.leapp("backends", "test", "openvino-ir", "--json")
    kit = json.loads(done.stdout)
    verdicts = {check["name"]: check["verdict"] for check in kit["checks"]}
    assert [check for check in kit["checks"] if check["verdict"] == "failed"] == []
    assert done.returncode == 0
    assert kit["runner"] == "openvino"
    assert {name for name, verdict in verdicts.items() if verdict == "refused"} == {
        "exports float64",
        "exports float16",
        "exports bfloat16",
    }
    assert verdicts["exports mlp"] == verdicts["exports gru"] == verdicts["exports lstm"] == "exact"


def test_its_own_tests_pass(sandbox: Sandbox) -> None:
    sandbox.own_tests(PLUGINS / "leapp-openvino", "test_bundles.py")  # the kit ran above


def test_a_trained_recurrent_policy_controls_its_task(sandbox: Sandbox, tmp_path: Path) -> None:
    arguments = ("--task", TASK, "--use_pretrained_checkpoint", "--save_path", str(tmp_path))
    done = sandbox.leapp("export", *arguments, "--backend", "openvino-ir", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["nodes"][0]["provider"] == "leapp-openvino 0.1.0 (plugin 'openvino_ir')"
    assert report["validation"]["ok"]
    assert report["closed_loop"]["ok"]
    assert (tmp_path / TASK / f"{TASK}.bin").is_file()
