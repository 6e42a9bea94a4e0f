"""What does not match is told at once, with what helps; starts, pushes, physics steps and commands."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import pytest

from leapp_core.errors import EnvError, UsageError
from leapp_core.plugins.environments import EnvRequest
from leapp_rsl_rl.environments.mujoco.provider import MujocoProvider
from tests.mujoco.bundles import deployment, document, port
from tests.mujoco.models import QUADRUPED

HIPS = ["left_hip", "right_hip"]
TARGETS = port("targets", "target/joint/position", HIPS)
BROKEN = document(
    [
        port("q", "state/joint/position", ["left_hip", "knee"]),
        port("quat", "state/body/rotation", ["w", "x", "y", "z"], body="pelvis"),
        port("scan", "state/raycast/height", size=11),
        port("imu", "state/body/angular_velocity", ["x", "y", "z"], sensor="gyrro"),
        port("speed", "command/body/velocity", ["x", "y"], range=[[-1.0, 1.0], [0.0, 0.5]]),
    ],
    [TARGETS, port("grip", "target/body/position", ["x", "y", "z"])],
)
FIXED = """
joints: {knee: robot/right_hip}
bodies: {pelvis: trunk}
sensors: {gyrro: robot/gyro}
inputs: {scan: {value: 0.3}}
outputs: {grip: {drive: ignore}}
gains: {kp: 20, kd: {left_hip: 1, right_hip: 2}}
"""


def test_everything_that_does_not_match_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(EnvError, match="do not match in 8 points") as caught:
        deployment(BROKEN, tmp_path, QUADRUPED)
    text = str(caught.value)
    for what in (
        "no hinge or slide joint 'knee'; one of robot/left_hip, robot/right_hip\n    fix: joints: {knee:",
        "no body 'pelvis'",
        "'scan' (state/raycast/height) is nothing that a model has by itself\n    fix: inputs: {scan: {sensor: NAME}}",
        "no sensor 'gyrro'; did you mean",
        "trained with [[-1.0, 1.0], [0.0, 0.5]])\n    fix: --command speed=x,y",
        "'grip' (target/body/position) drives nothing",
        "gains: {kp: {left_hip: NUMBER}",
    ):
        assert what in text


def test_a_map_puts_it_right(tmp_path: Path) -> None:
    made = deployment(BROKEN, tmp_path, QUADRUPED, mapping=FIXED, commands={"speed": "0.5,9"})
    read = made.read()
    np.testing.assert_allclose(read["policy/scan"], np.full((1, 11), 0.3, np.float32))
    np.testing.assert_allclose(read["policy/speed"], [[0.5, 0.5]])  # within the range that the bundle states
    np.testing.assert_allclose(read["policy/q"], [made.data.qpos[7:]], rtol=1e-6)
    made.data.qvel[6:] = [1.0, 1.0]
    outputs = {"policy/targets": np.array([[0.5, -0.5]], np.float32), "policy/grip": np.zeros((1, 3), np.float32)}
    made._drives.write(made.data, outputs)
    mujoco.mj_forward(made.model, made.data)
    expected = 20 * (np.array([0.5, -0.5]) - made.data.qpos[7:]) - [1.0, 2.0]
    np.testing.assert_allclose(made.data.qfrc_actuator[6:], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("joint: {a: b}", "the file has the key 'joint'"),
        ("inputs: {q: {sensr: gyro}}", "inputs.q has the key 'sensr'"),
        ("inputs: {q: {frame: base}}", "frame is 'base'"),
        ("inputs: {qq: {sensor: gyro}}", "the bundle has no input 'qq'"),
        ("outputs: {targts: {drive: model}}", "the bundle has no output 'targts'"),
        ("outputs: {targets: {drive: own}}", "drive is 'own'"),
        ("gains: {kp: stiff}", "gains hold 'stiff'"),
        ("joints: [a, b]", "joints is"),
        ("[1, 2]", "the file is"),
    ],
)
def test_a_map_with_a_mistake(tmp_path: Path, said: str, message: str) -> None:
    bundle = document([port("q", "state/joint/position", HIPS)], [TARGETS])
    with pytest.raises(UsageError, match=message.replace("[", r"\[")):
        deployment(bundle, tmp_path, QUADRUPED, mapping=said)


PLAIN = document([port("q", "state/joint/position", HIPS, default=[0.2, -0.1])])


def started(folder: Path, asked: str | None, bundle: object = PLAIN, model: str = QUADRUPED) -> np.ndarray:
    return np.array(deployment(bundle, folder, model, start=asked).data.qpos)  # type: ignore[arg-type]


def test_where_it_starts(tmp_path: Path) -> None:
    np.testing.assert_allclose(started(tmp_path, None)[7:], [0.2, -0.1])
    assert started(tmp_path, "bundle")[2] == 1.0
    np.testing.assert_allclose(started(tmp_path, "home")[7:], [0.3, -0.3])
    np.testing.assert_allclose(started(tmp_path, "model")[7:], [0.0, 0.0])
    bare = document([port("q", "state/joint/position", HIPS)])
    assert started(tmp_path, None, bare)[2] == 0.6  # the keyframe called home
    high = document(
        [port("q", "state/joint/position", HIPS, default=[0.2, -0.1])], configs={"default_base_height": 0.4}
    )
    assert started(tmp_path, None, high)[2] == 0.4
    with pytest.raises(UsageError, match="no keyframe 'hom'"):
        started(tmp_path, "hom")
    with pytest.raises(UsageError, match="states no default joint positions"):
        started(tmp_path, "bundle", bare)


def test_physics_steps_of_a_control_step(tmp_path: Path) -> None:
    made = deployment(PLAIN, tmp_path, QUADRUPED)
    made.step({"policy/effort": np.zeros((1, 1), np.float32)})
    assert made.data.time == pytest.approx(0.02)
    finer = deployment(PLAIN, tmp_path, QUADRUPED, timestep=0.001)
    finer.step({"policy/effort": np.zeros((1, 1), np.float32)})
    assert finer.data.time == pytest.approx(0.02)
    with pytest.raises(EnvError, match="no whole number of physics steps"):
        deployment(PLAIN, tmp_path, QUADRUPED, timestep=0.003)
    stated = document([port("q", "state/joint/position", HIPS)], configs={"physics_timestep": 0.0025})
    assert any("it was 0.0025 s in the task" in note for note in deployment(stated, tmp_path, QUADRUPED).notes)
    with pytest.raises(EnvError, match="does not state its frequency"):
        deployment(document([port("q", "state/joint/position", HIPS)], frequency=None), tmp_path, QUADRUPED)


def test_a_push_gives_its_impulse(tmp_path: Path) -> None:
    model = QUADRUPED.replace("<option ", '<option gravity="0 0 0" ')
    made = deployment(PLAIN, tmp_path, model, pushes=("0.02:trunk:60,0,0:0.04",))
    speeds = []
    for _ in range(5):
        made.step({"policy/effort": np.zeros((1, 1), np.float32)})
        mujoco.mj_subtreeVel(made.model, made.data)
        speeds.append(made.data.subtree_linvel[1, 0])
    whole = made.model.body_subtreemass[1]
    np.testing.assert_allclose(speeds, np.array([0, 1.2, 2.4, 2.4, 2.4]) / whole, atol=1e-3)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("now", "--push got"),
        ("1:trunk:1,2", "--push got"),
        ("1:trunkk:1,2,3", "no body 'trunkk'"),
        ("-1:trunk:1,2,3", "got"),
    ],
)
def test_a_push_that_cannot_be(tmp_path: Path, given: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        deployment(PLAIN, tmp_path, QUADRUPED, pushes=(given,))


@pytest.mark.parametrize("effort", [1e9, 1e12, np.nan])
def test_a_simulation_that_diverges_is_told(tmp_path: Path, effort: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = deployment(PLAIN, tmp_path, QUADRUPED)
    with pytest.raises(EnvError, match="diverged in control step 0"):
        made.step({"policy/effort": np.full((1, 1), effort, np.float32)})
    assert [file.name for file in tmp_path.iterdir()] == ["scene.xml"]  # MuJoCo left no log


def test_what_a_model_file_can_be(tmp_path: Path) -> None:
    with pytest.raises(EnvError, match="MuJoCo does not read the model"):
        deployment(PLAIN, tmp_path, "<mujoco><worldbody><body/></worldbody>")
    made = deployment(PLAIN, tmp_path, QUADRUPED)
    mujoco.mj_saveModel(mujoco.MjModel.from_xml_string(QUADRUPED), str(tmp_path / "bare.mjb"))
    mujoco.mj_saveModel(made.model, str(tmp_path / "driven.mjb"))
    from leapp_core.plugins.environments import ModelScene
    from leapp_rsl_rl.environments.mujoco.deployment import MujocoDeployment

    assert MujocoDeployment(ModelScene(tmp_path / "driven.mjb"), PLAIN).model.nu == 1
    with pytest.raises(EnvError, match="none can be added to a compiled model"):
        MujocoDeployment(ModelScene(tmp_path / "bare.mjb"), PLAIN)
    with pytest.raises(UsageError, match="is no robot model that MuJoCo reads"):
        MujocoDeployment(ModelScene(tmp_path / "robot.urdf"), PLAIN)


def test_it_has_no_tasks() -> None:
    provider = MujocoProvider()
    assert provider.tasks() == ()
    with pytest.raises(UsageError, match="has no tasks"):
        provider.make(EnvRequest("any"))
    with pytest.raises(UsageError, match="none was given"):
        provider.deploy(EnvRequest("any"), PLAIN)


COMMANDED = document([port("twist", "command/body/velocity", ["vx", "wz"])])


def commanded(folder: Path, value: str, times: tuple[float, ...] = (0.0, 0.5, 1.02, 5.0)) -> list[list[float]]:
    made = deployment(COMMANDED, folder, QUADRUPED, commands={"twist": value})
    source = made._sources["policy/twist"]
    return [source.value(made.data, time)[0].tolist() for time in times]


def test_where_commands_come_from(tmp_path: Path) -> None:
    (tmp_path / "named.csv").write_text("time,wz,note,vx\n0,0.5,1,0\n1,-0.5,1,1\n\n")
    (tmp_path / "unnamed.csv").write_text("time,a,b\n0.0,0,0.5\n1.0,1,-0.5\n")
    np.savez(tmp_path / "kept.npz", **{"time": [0.0, 1.0], "in/policy/twist": [[[0, 0.5]], [[1, -0.5]]], "x": [1, 2]})
    (tmp_path / "script.py").write_text("def drive(t):\n    return (0, 0.5) if t < 1 else (1, -0.5)\n")
    expected = [[0.0, 0.5], [0.0, 0.5], [1.0, -0.5], [1.0, -0.5]]
    for given in ("named.csv", "unnamed.csv", "kept.npz", "script.py:drive"):
        assert commanded(tmp_path, str(tmp_path / given)) == expected
    assert commanded(tmp_path, "0.25,-1") == [[0.25, -1.0]] * 4


@pytest.mark.parametrize(
    ("given", "content", "message"),
    [
        ("0.5", "", "gives 1 numbers"),
        ("0.5,fast", "", "got '0.5,fast'"),
        ("nan,0", "", "got 'nan,0'"),
        ("none.csv", None, "there is no file"),
        ("a.csv", "a,b\n1,2\n", "has no column 'time'"),
        ("a.csv", "time,a\n0,2\n", "has the columns time, a"),
        ("a.csv", "time,a,b\n0,2\n", "not equally long|could not|inhomogeneous|has the columns"),
        ("a.csv", "time,a,b\n0,2,x\n", "could not convert"),
        ("a.csv", "time,a,b\n1,2,3\n0,2,3\n", "does not increase"),
        ("a.py:f", "def g(t): return 0\n", "has no function 'f'"),
        ("a.py:f", "import nothing_like_it\n", "fails: ModuleNotFoundError"),
        ("a.py:f", "def f(t): return 0, 1, 2\n", "gives 3 numbers"),
    ],
)
def test_a_command_that_cannot_be(tmp_path: Path, given: str, content: str | None, message: str) -> None:
    file = given.partition(":")[0]
    if content:
        (tmp_path / file).write_text(content)
    with pytest.raises(UsageError, match=message):
        commanded(tmp_path, str(tmp_path / given) if "." in file and "," not in file and file != "0.5" else given)


def test_a_command_for_no_input(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the bundle has no input 'twst'"):
        deployment(COMMANDED, tmp_path, QUADRUPED, commands={"twst": "0,0", "twist": "0,0"})
