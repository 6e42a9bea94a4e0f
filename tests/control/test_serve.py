"""``leapp serve`` and ``leapp ring``: two processes, killed and started again, and options that do not fit."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from leapp_core.errors import BundleError, UsageError
from leapp_core.runtime import read_ring
from leapp_core.runtime.control.limits_file import read_limits
from tests.cli.invoke import leapp
from tests.control.arm import BUNDLE, EXAMPLE
from tests.control.endurance import free_ports, run

LIMITS = """
inputs:
  joint_pos: {low: -10.0, high: 10}
outputs:
  joint_targets: {low: [-3.2, -3.2, -3.2], high: 3.2}
on_violation: hold
latch: false
safe: {joint_targets: [0.0, 0.0, 0.0], kp: 0.0, kd: 2.0}
max_age: 0.5
"""


def serve(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "leapp_core", "serve", str(BUNDLE), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(ring: Path, made: int) -> None:
    """Wait until a number of steps were made."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if ring.exists() and sum(record.status == 0 for record in records(ring)) >= made:
            return
        time.sleep(0.05)
    raise AssertionError(f"{made} steps were not made")


def records(ring: Path) -> tuple:
    try:
        return read_ring(ring).records
    except BundleError:  # it is being made
        return ()


@pytest.mark.slow
def test_either_process_may_be_killed_and_started_again(tmp_path: Path) -> None:
    pytest.importorskip("mcap")
    ours, theirs = free_ports()
    (tmp_path / "limits.yaml").write_text(LIMITS)
    ring, mcap = tmp_path / "last.ring", tmp_path / "last.mcap"
    options = ["--listen", ours, "--send", theirs, "--limits", tmp_path / "limits.yaml", "--stamps", "sender"]
    options += ["--ring", ring, "--ring-seconds", 120]

    def robot() -> subprocess.Popen[str]:
        command = [sys.executable, str(EXAMPLE), str(BUNDLE), "--listen", theirs, "--send", ours]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    arm, controller = robot(), serve(*options)
    try:
        wait_for(ring, 20)
        arm.kill()
        arm.communicate()
        arm = robot()
        wait_for(ring, 60)
        controller.kill()  # what it sent is in the ring
        controller.communicate()
        before = len(read_ring(ring).records)
        controller = serve(*options, "--mcap", mcap, "--json")
        wait_for(ring, before + 20)
        controller.send_signal(signal.SIGTERM)
        out, err = controller.communicate(timeout=60)
    finally:
        for process in (arm, controller):
            process.kill()
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
    assert controller.returncode == 0, err
    report = json.loads(out)
    assert report["ended"] == "stopped"
    assert report["made"] >= 20
    found = read_ring(ring)
    assert [record.number for record in found.records] == list(range(1, len(found.records) + 1))
    assert len({record.session for record in found.records if record.session}) == 2
    assert mcap.read_bytes().startswith(b"\x89MCAP")


@pytest.mark.slow
def test_a_bad_robot_gets_nothing_unsafe_and_the_ring_loses_nothing() -> None:
    """The run of docs/reference/controller.md, shorter."""
    facts = run(steps=4000, kills=2, rate=1000.0)
    assert facts["unsafe"] == []
    assert "unsafe" not in facts["at the robot"]
    assert "refused" not in facts["at the robot"]
    assert (facts["ring missing"], facts["ring torn"], facts["ring"]) == (0, 0, 4000)
    report = facts["report"]
    assert report["beats"] == 4000
    assert report["sessions"] >= 2
    assert report["made"] > 500
    assert {"LEAPP-R011", "LEAPP-R015"} <= set(report["faults"])


def test_a_connection_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "robot.py").write_text(
        "import numpy as np\n"
        "from leapp_core.runtime import FunctionAdapter\n\n\n"
        "def connect(policy):\n"
        "    zeros = {name: np.zeros(port.shape, port.dtype) for name, port in policy.inputs.items()}\n"
        "    return FunctionAdapter(lambda: zeros, lambda outputs: None)\n\n\n"
        "def nothing(policy):\n"
        "    return None\n"
    )
    ring = tmp_path / "last.ring"
    place = f"{tmp_path / 'robot.py'}:connect"
    done = leapp("serve", str(BUNDLE), "--adapter", place, "--steps", "10", "--ring", str(ring), "--json")
    assert json.loads(done.out)["made"] == 10
    shown = leapp("ring", str(ring))
    assert "10, number 1 to 10" in shown.out
    assert json.loads(leapp("ring", str(ring), "--json").out)["records"] == 10
    for name, message in (("nothing", "has no method 'read'"), ("other", "has no function 'other'")):
        refused = leapp("serve", str(BUNDLE), "--adapter", f"{tmp_path / 'robot.py'}:{name}", "--steps", "1")
        assert refused.code == 2
        assert message in refused.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "no connection to the robot was given"),
        (["--listen", "127.0.0.1:1"], "only one of --listen and --send was given"),
        (["--listen", "a:1", "--send", "b:1", "--dds", "0"], "--listen and --dds are different connections"),
        (["--adapter", "x.py:f", "--interface", "lo"], "--interface goes with --dds"),
        (["--adapter", "x.py:f", "--stamps", "never"], "--stamps is 'never'"),
        (["--adapter", "x.py:f", "--mcap", "x.mcap"], "--mcap goes with --ring"),
        (["--adapter", "x.py:f", "--rate", "10"], "the policy would run at 10 Hz"),
        (["--adapter", "x.py:f", "--limits", "none.yaml"], "there is no file none.yaml"),
        (["--adapter", "nowhere.py:f"], "nowhere.py cannot be loaded"),
        (["--adapter", "f"], "--adapter is 'f'"),
        (["--listen", "here", "--send", "127.0.0.1:1"], "--listen is 'here'"),
    ],
)
def test_options_that_do_not_fit(options: list[str], message: str) -> None:
    refused = leapp("serve", str(BUNDLE), *options)
    assert refused.code == 2
    assert message in " ".join(refused.err.split())


def test_limits_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "limits.yaml"
    path.write_text(LIMITS)
    limits = read_limits(path)
    assert limits.inputs["joint_pos"].low == -10.0
    assert limits.outputs["joint_targets"].low == [-3.2, -3.2, -3.2]
    assert (limits.on_violation, limits.latch, limits.max_age) == ("hold", False, 0.5)
    assert limits.safe["kd"] == 2.0
    path.write_text("")
    assert read_limits(path).on_violation == "raise"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("input: {}", r"limits\.yaml has the unknown key 'input'"),
        ("inputs: [1]", "inputs is list"),
        ("inputs: {x: {lowest: 1}}", r"inputs\.x has the unknown key 'lowest'"),
        ("inputs: {x: {low: a}}", r"inputs\.x\.low is 'a'"),
        ("inputs: {x: {low: true}}", r"inputs\.x\.low is True"),
        ("inputs: {x: {low: 2, high: 1}}", "a limit goes from 2 to 1"),
        ("latch: 3", "latch is 3"),
        ("max_age: soon", "max_age is 'soon'"),
        ("on_violation: panic", "on_violation is 'panic'"),
        ("on_violation: safe", "no safe outputs are given"),
    ],
)
def test_a_file_that_is_no_limits(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "limits.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=message) as caught:
        read_limits(path)
    assert caught.value.code == "LEAPP-R013"


def test_code_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import re

    from leapp_core.spec.yaml_nodes import parse_yaml
    from tests.control.arm import ROOT, readings

    class Robot:
        def __init__(self) -> None:
            self.sent: list = []

        def read(self) -> dict:
            return readings()

        def write(self, outputs: dict) -> None:
            self.sent.append(outputs)

    page = (ROOT / "docs" / "howto" / "run-on-a-robot.md").read_text()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "Builtin-Reach-Arm").symlink_to(BUNDLE, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    program = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[1]
    names: dict = {"robot": Robot()}
    exec(compile(program, "page", "exec"), names)
    assert names["report"].made == len(names["robot"].sent) > 0
    (yaml,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert parse_yaml(yaml.encode(), "page").plain()["max_age"] == 0.1
    (tmp_path / "limits.yaml").write_text(yaml)
    limits = read_limits(tmp_path / "limits.yaml")
    assert leapp("serve", "out/Builtin-Reach-Arm", "--limits", "limits.yaml", "--adapter", "x").code == 2
    from leapp_core.runtime import load

    assert load("out/Builtin-Reach-Arm", limits=limits).safe_outputs is not None
