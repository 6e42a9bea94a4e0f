"""``leapp deploy --model``: the command line, without PyTorch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from leapp_core.errors import EnvError, UsageError
from leapp_core.runtime import load
from tests.cli.invoke import leapp
from tests.mujoco import models
from tests.mujoco.bundles import ARM, HOPPER

TARGET = ("--command", "target_position=0.4,0.3")


@pytest.fixture
def arm(tmp_path: Path) -> str:
    (tmp_path / "arm.xml").write_text(models.arm())
    return str(tmp_path / "arm.xml")


def test_no_pytorch_is_loaded(arm: str) -> None:
    """Nor can it be: the process forbids it, as a robot computer without it would."""
    line = ["deploy", str(ARM), "--env", "mujoco", "--model", arm, *TARGET, "--steps", "20", "--json"]
    probe = (
        "import sys\n"
        "sys.modules['torch'] = None\n"
        "from leapp_core.cli.main import main\n"
        f"try:\n    main({line!r})\n"
        "except SystemExit as left:\n"
        "    assert not left.code, left.code\n"
        "wrong = sorted({m.split('.')[0] for m in sys.modules} & {'onnx', 'rsl_rl', 'tensordict'})\n"
        "assert not wrong and sys.modules['torch'] is None, wrong\n"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout)["steps"] == 20


def test_what_it_says(arm: str) -> None:
    result = leapp("deploy", str(ARM), "--model", arm, *TARGET, "--seconds", "0.5")
    assert result.code == 0, result.err
    for text in ("arm.xml (mujoco)", "25 from seed 0", "start: the model's own", "actuators were added for shoulder"):
        assert text in result.out


def test_every_step_is_kept_and_can_be_fed_again(arm: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept.npz"
    plot = tmp_path / "arm.png"
    line = ("deploy", str(ARM), "--model", arm, "--steps", "30", "--json")
    first = leapp(*line, *TARGET, "--save", str(kept), "--plot", str(plot))
    assert first.code == 0, first.err
    assert json.loads(first.out)["save"] == str(kept)
    assert plot.read_bytes().startswith(b"\x89PNG")
    with np.load(kept) as stored:
        arrays = dict(stored)
    assert arrays["state/qpos"].shape == (30, 3)
    np.testing.assert_allclose(arrays["time"], np.arange(30) / 50.0)
    runtime = load(ARM, full_names=True)
    inputs = [name for name in arrays if name.startswith("in/")]
    outputs = runtime.step({name.removeprefix("in/"): arrays[name][0] for name in inputs})
    np.testing.assert_array_equal(
        outputs["Builtin-Reach-Arm/joint_targets"], arrays["out/Builtin-Reach-Arm/joint_targets"][0]
    )
    again = tmp_path / "again.npz"
    second = leapp(*line, "--command", f"target_position={kept}", "--save", str(again))
    assert second.code == 0, second.err
    with np.load(again) as stored:
        for name, value in stored.items():
            np.testing.assert_array_equal(value, arrays[name])


def test_a_task_s_steps_are_kept_too(tmp_path: Path) -> None:
    result = leapp("deploy", str(HOPPER), "--steps", "5", "--save", str(tmp_path / "kept.npz"))
    assert result.code == 0, result.err
    with np.load(tmp_path / "kept.npz") as stored:
        assert stored["state/joint_pos"].shape == (5, 1, 2)


def test_a_film_where_something_draws(arm: str, tmp_path: Path) -> None:
    """In a process of its own: how MuJoCo draws is chosen before it is loaded."""
    line = [sys.executable, "-m", "leapp_core", "deploy", str(ARM), "--model", arm, *TARGET, "--steps", "6"]
    done = subprocess.run([*line, "--video", str(tmp_path / "arm.gif")], capture_output=True, text=True, check=False)
    if done.returncode == EnvError.exit_code:
        assert "draw" in done.stderr
        assert "--plot" in done.stderr
    else:
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "arm.gif").read_bytes().startswith(b"GIF")


def test_no_window_without_a_display(arm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    result = leapp("deploy", str(ARM), "--model", arm, *TARGET, "--viewer")
    assert result.code == EnvError.exit_code
    assert "this machine has no display" in result.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--compare", "pretrained"), "--compare runs the policy in its task"),
        (("a.b=1",), "takes no configuration overrides"),
        (("--timestep", "0"), "--timestep got 0"),
        (("--command", "target_position"), "--command got 'target_position'"),
        (("--map", "nowhere.yaml"), "there is no file nowhere.yaml"),
    ],
)
def test_what_users_hear(arm: str, arguments: tuple[str, ...], message: str) -> None:
    result = leapp("deploy", str(ARM), "--model", arm, *(() if "--command" in arguments else TARGET), *arguments)
    assert result.code == UsageError.exit_code, result.err
    assert message in result.err
