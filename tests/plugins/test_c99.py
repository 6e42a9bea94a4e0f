"""leapp-c99, installed from its own pyproject into a fresh environment: policies as C without heap."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.cpp.peer import Peer, interface, largest_difference
from tests.plugins.c99 import compiled_peer, needed, object_file, run_generated_test
from tests.plugins.conftest import ROOT, Sandbox

pytestmark = pytest.mark.venv
C99 = ROOT / "docs" / "examples" / "plugins" / "leapp-c99"
STORED = ROOT / "tests" / "data" / "bundles" / "v0.1.0"
REACH = "Builtin-Reach-Arm"
POLICIES = (REACH, "Builtin-Balance-Partial", "Builtin-Velocity-Hopper", "Builtin-Velocity-Hopper-LSTM")
LIBC = {"memcpy", "memset"}


@pytest.fixture(scope="module")
def c99(sandbox: Sandbox) -> Iterator[Sandbox]:
    sandbox.pip("install", "--no-deps", "emx-onnx-cgen==1.4.0", str(C99))
    yield sandbox
    sandbox.pip("uninstall", "--yes", "leapp-c99")


@pytest.fixture(scope="module")
def exported(c99: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("exported")

    @cache
    def export(task: str) -> Path:
        given = ("--task", task, "--use_pretrained_checkpoint", "--backend", "c99", "--save_path", str(folder))
        done = c99.leapp("export", *given)
        assert done.returncode == 0, done.stderr
        return folder / task

    return export


@pytest.mark.parametrize("name", POLICIES)
def test_a_loop_closed_by_c_is_the_loop_closed_by_onnx_runtime(
    exported: Callable[[str], Path], name: str, tmp_path: Path
) -> None:
    onnx = STORED / name  # the same policy
    with Peer([str(compiled_peer(exported(name), tmp_path))], interface(onnx)) as other:
        assert largest_difference(onnx, other, 500, reset_at=200) < 5e-5
    assert other.facts["frequency"] == 50


@pytest.mark.parametrize("name", POLICIES)
def test_no_heap_and_only_the_listed_functions_are_needed(
    exported: Callable[[str], Path], name: str, tmp_path: Path
) -> None:
    document = (exported(name) / f"{name}.yaml").read_text()
    listed = set(re.search(r"libm: \[(.*)\]", document)[1].split(", "))
    # GCC joins sinf and cosf of one angle.
    joined = {"sincosf"} if {"sinf", "cosf"} <= listed else set()
    assert needed(object_file(exported(name), tmp_path)) <= listed | joined | LIBC
    header = (exported(name) / f"{name}.h").read_text()
    assert all(function in header for function in listed)


@pytest.mark.parametrize("name", POLICIES)
def test_the_generated_test_program_passes(exported: Callable[[str], Path], name: str, tmp_path: Path) -> None:
    assert "4 recorded steps" in run_generated_test(exported(name), tmp_path)


def test_names_and_limits_are_in_the_header(exported: Callable[[str], Path]) -> None:
    header = (exported(REACH) / f"{REACH}.h").read_text()
    assert "#define POLICY_FREQUENCY 50.0" in header
    assert "POLICY_JOINT_POS_WRIST = 2," in header
    assert "extern const float policy_joint_targets_effort_limit[3];" in header
    assert "extern const float policy_target_position_lowest[2];" in header
    source = (exported(REACH) / f"{REACH}.c").read_text()
    assert "policy_joint_targets_effort_limit[3] = { 60.0f, 30.0f, 10.0f };" in source
    assert 'policy_joint_pos_names[3] = { "shoulder", "elbow", "wrist" };' in source


def test_what_is_no_number_changes_nothing(exported: Callable[[str], Path], tmp_path: Path) -> None:
    ports = interface(STORED / REACH)
    quiet = {name: np.full(shape, 0.1, np.float32) for name, shape in ports.inputs.items()}
    program = str(compiled_peer(exported(REACH), tmp_path))
    with Peer([program], ports) as disturbed, Peer([program], ports) as undisturbed:
        before = disturbed.step(quiet)
        undisturbed.step(quiet)
        for name, value, status in (("joint_vel", np.nan, "input"), ("joint_pos", 3e38, "output")):
            held = disturbed.step({**quiet, name: np.full((1, 3), value, np.float32)})
            assert disturbed.status == f"{status}_not_finite"
            assert all(np.array_equal(before[each], held[each]) for each in before)
        after, expected = disturbed.step(quiet), undisturbed.step(quiet)
        assert all(np.array_equal(after[each], expected[each]) for each in after)


def test_the_conformance_kit_holds(c99: Sandbox) -> None:
    kit = json.loads(c99.leapp("backends", "test", "c99", "--json").stdout)
    assert [check for check in kit["checks"] if not check["ok"]] == []
    assert kit["runner"] == "c99"


def test_a_changed_header_is_noticed(exported: Callable[[str], Path], c99: Sandbox, tmp_path: Path) -> None:
    header = exported(REACH) / f"{REACH}.h"
    before = header.read_text()
    header.write_text(before.replace("effort_limit", "effort_limits"))
    try:
        refused = c99.leapp("validate", str(exported(REACH)))
        assert refused.returncode != 0
        assert f"{REACH}.h" in refused.stderr + refused.stdout
    finally:
        header.write_text(before)


def test_a_prefix_that_is_no_name_is_refused(c99: Sandbox, tmp_path: Path) -> None:
    done = c99.leapp(
        *("export", "--task", REACH, "--use_pretrained_checkpoint", "--backend", "c99", "--option", "prefix=my-policy"),
        *("--save_path", str(tmp_path)),
    )
    assert done.returncode == 2
    assert "prefix 'my-policy' is no name in C" in done.stderr
