"""NumPy arrays and scalars as inputs and outputs: the user's code stays as it is, and every value is the same."""

from __future__ import annotations

import collections
import runpy
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import leapp_core
from leapp_core.errors import CaptureError, UsageError
from leapp_core.runtime import load
from leapp_core.tracing.session import CaptureSession, capture
from leapp_core.tracing.step import capture_step

NET = torch.nn.Linear(6, 2).eval()
Reading = dict[str, np.ndarray[Any, Any]]
COMMAND = np.zeros(3, dtype=np.float32)


def readings(count: int, seed: int = 0, dtype: type = np.float32) -> list[Reading]:
    generator = np.random.default_rng(seed)
    return [{k: generator.normal(size=3).astype(dtype) for k in ("q", "dq")} for _ in range(count)]


def control(q: Any, dq: Any) -> Any:
    obs = np.zeros(6, dtype=np.float32)
    obs[:3] = q * 0.5
    obs[3:] = np.clip(dq, -1.0, 1.0)
    return NET(torch.from_numpy(obs)).detach().numpy() * 0.25


def agrees(
    session: CaptureSession, step: Callable[[Reading], Any], dtype: type = np.float32, node: str = "policy"
) -> None:
    """Export, and compare the bundle with the code itself over fresh steps."""
    runtime = load(session.export("onnx-dynamo", visualize=False).bundle)
    for reading in readings(20, seed=1, dtype=dtype):
        wanted = step({k: v.copy() for k, v in reading.items()})
        found = runtime.step(reading)
        np.testing.assert_allclose(next(iter(found.values())), wanted, atol=1e-5)


def test_arrays_in_the_mapping_that_is_handed_over(tmp_path: Path) -> None:
    with capture("arrays", tmp_path) as session:
        for reading in readings(5):
            session.input_tensors("policy", reading)
            session.output_tensors("policy", {"action": control(**reading)})
    agrees(session, lambda r: control(**r))


def test_arrays_in_variables_of_the_functions_that_are_running(tmp_path: Path) -> None:
    session = capture("arrays", tmp_path)

    def step(q: Any, dq: Any) -> Any:
        session.input_tensors("policy", {"q": q, "dq": dq})
        action = control(q, dq)
        session.output_tensors("policy", {"action": action})
        return action

    with session:
        for reading in readings(5):
            given = {k: v.copy() for k, v in reading.items()}
            np.testing.assert_array_equal(step(**given), control(**reading))
    agrees(session, lambda r: control(**r))


def test_arrays_in_a_dictionary_of_readings_and_in_lists(tmp_path: Path) -> None:
    class Robot:
        def __init__(self) -> None:
            self.sensors: list[Any] = []

    robot = Robot()
    with capture("arrays", tmp_path) as session:
        for reading in readings(5):
            robot.sensors, state = [reading["dq"]], SimpleNamespace(q=reading["q"])
            session.input_tensors("policy", {"q": reading["q"], "dq": robot.sensors[0]})
            session.output_tensors("policy", {"action": control(reading["q"] + state.q, robot.sensors[0])})
    agrees(session, lambda r: control(r["q"] * 2, r["dq"]))


def test_arrays_in_attributes_of_the_users_objects(tmp_path: Path) -> None:
    class State:
        def __init__(self) -> None:
            self.now: Reading = {}
            self.q = self.dq = np.zeros(3, dtype=np.float32)

    class Controller:
        def __init__(self, session: CaptureSession) -> None:
            self.state, self.session = State(), session

        def step(self) -> None:
            self.session.input_tensors("policy", {"q": self.state.q, "dq": self.state.dq})
            self.session.output_tensors("policy", {"action": control(self.state.q, self.state.dq)})

    session = capture("arrays", tmp_path)
    controller = Controller(session)
    with session:
        for reading in readings(5):
            controller.state.q, controller.state.dq = reading["q"], reading["dq"]
            controller.step()
    agrees(session, lambda r: control(**r))


def test_what_is_returned_reports_what_is_done_to_it(tmp_path: Path) -> None:
    with capture("arrays", tmp_path) as session:
        for reading in readings(5):
            q, dq = session.input_tensors("policy", {"q": reading["q"], "dq": reading["dq"]})
            session.output_tensors("policy", {"action": control(q, dq)})
    agrees(session, lambda r: control(**r))


def test_double_precision_integers_flags_and_scalars(tmp_path: Path) -> None:
    def step(q: Any, dq: Any, k: Any, on: Any, gain: Any) -> Any:
        return np.where(on, q * gain + k, dq * np.float64(2.0))

    generator = np.random.default_rng(0)

    def draw() -> dict[str, Any]:
        return {
            "q": generator.normal(size=3),
            "dq": generator.normal(size=3),
            "k": generator.integers(0, 5, 3),
            "on": generator.normal(size=3) > 0,
            "gain": np.float64(generator.normal()),
        }

    with capture("kinds", tmp_path) as session:
        for _ in range(5):
            now = draw()
            session.input_tensors("policy", now)
            session.output_tensors("policy", {"action": step(**now)})
    runtime = load(session.export("onnx-dynamo", visualize=False).bundle)
    for _ in range(20):
        now = draw()
        np.testing.assert_allclose(runtime.step(now)["action"], step(**now), rtol=1e-12)


def test_one_buffer_that_a_simulator_writes_in_place(tmp_path: Path) -> None:
    """As ``data.qpos`` of MuJoCo: the same memory in each step, and a new array object at each look."""
    memory = np.zeros(6, dtype=np.float64)
    generator = np.random.default_rng(3)
    with capture("buffer", tmp_path) as session:
        for _ in range(5):
            memory[:] = generator.normal(size=6)
            q, dq = memory[:3], memory[3:]
            session.input_tensors("policy", {"q": q, "dq": dq})
            session.output_tensors("policy", {"action": control(q, dq)})
    agrees(session, lambda r: control(**r), np.float64)


def test_arrays_that_may_not_be_written_or_run_backwards(tmp_path: Path) -> None:
    with capture("odd", tmp_path) as session:
        for reading in readings(5):
            reading["q"].flags.writeable = False
            now = {"q": reading["q"], "dq": reading["dq"][::-1]}
            session.input_tensors("policy", now)
            session.output_tensors("policy", {"action": control(**now)})
    agrees(session, lambda r: control(r["q"], r["dq"]))


def test_arguments_of_a_decorated_function(tmp_path: Path) -> None:
    session = capture("decorated", tmp_path)
    policy = session.method("policy")(control)
    with session:
        for reading in readings(5):
            policy(reading["q"], dq=reading["dq"])
    agrees(session, lambda r: control(**r))


def test_a_step_function_of_arrays_runs_beside_its_program(tmp_path: Path) -> None:
    example = readings(1)[0]
    session = capture_step("beside", lambda given: control(**given), example, save_path=tmp_path)
    assert session.compile().evidence.shaken > 50
    agrees(session, lambda r: control(**r))


def test_semantics_take_arrays(tmp_path: Path) -> None:
    with capture("semantics", tmp_path) as session:
        for reading in readings(5):
            q = reading["q"]
            session.input_tensors("policy", leapp_core.TensorSemantics("q", kind="state/joint/position", ref=q))
            session.output_tensors("policy", leapp_core.TensorSemantics("target", ref=q * 2))
    port = session.compile().spec.nodes[0].inputs[0]
    assert (port.kind, port.dtype) == ("state/joint/position", "float32")


def test_arrays_of_the_session_behave_like_others_afterwards(tmp_path: Path) -> None:
    kept = []
    with capture("after", tmp_path) as session:
        for reading in readings(7):
            session.input_tensors("policy", reading)
            session.output_tensors("policy", {"action": control(**reading)})
            kept.append(reading["q"])
    assert all(isinstance(q, np.ndarray) for q in kept)
    assert type(kept[-1]) is np.ndarray, "later steps are watched only"
    np.testing.assert_array_equal((kept[0] * 2)[:1], kept[0][:1] + kept[0][:1])
    assert session.compile().evidence.watched == 2


def test_an_alias_that_is_computed_with_is_refused(tmp_path: Path) -> None:
    class Box:
        __slots__ = ("q",)

    box = Box()
    with capture("alias", tmp_path) as session:
        for reading in readings(5):
            box.q = reading["q"]  # type: ignore[attr-defined]
            session.input_tensors("policy", reading)
            session.output_tensors("policy", {"action": control(box.q * 2, reading["dq"])})  # type: ignore[attr-defined]
    with pytest.raises(CaptureError, match=r"changes|undeclared"):
        session.compile()


def test_a_command_that_is_a_global_of_the_module(tmp_path: Path) -> None:
    def step(q: Any) -> Any:
        return q + COMMAND * 2

    with capture("global", tmp_path) as session:
        for reading in readings(5):
            session.input_tensors("policy", {"q": reading["q"], "dq": COMMAND})
            session.output_tensors("policy", {"action": step(reading["q"])})
    globals()["COMMAND"] = np.zeros(3, dtype=np.float32)
    agrees(session, lambda r: r["q"] + r["dq"] * 2)


def test_a_constant_array_that_nothing_is_seen_to_read_is_refused(tmp_path: Path) -> None:
    class Hidden:
        __slots__ = ("command",)

    hidden = Hidden()
    hidden.command = np.ones(3, dtype=np.float32)  # type: ignore[attr-defined]
    with capture("constant", tmp_path) as session:
        for reading in readings(5):
            command = hidden.command  # type: ignore[attr-defined]
            session.input_tensors("policy", {"q": reading["q"], "command": command})
            scale = float(hidden.command[0])  # type: ignore[attr-defined]
            session.output_tensors("policy", {"action": reading["q"] * scale})
    with pytest.raises(CaptureError, match="nothing is seen to read the array that is declared as input 'command'"):
        session.compile()


def test_arrays_of_objects_are_refused(tmp_path: Path) -> None:
    with capture("objects", tmp_path) as session, pytest.raises(UsageError, match="'q' is a ndarray of object"):
        session.input_tensors("policy", {"q": np.array([None, 1])})
    with capture("text", tmp_path) as session, pytest.raises(UsageError, match=r"'q' is a float\s"):
        session.input_tensors("policy", {"q": 1.0})


KALMAN = """
import numpy as np, leapp_core
F, H = np.eye(4) + 0.1 * np.eye(4, k=2), np.eye(2, 4)
x, P = np.zeros(4), np.eye(4)
rng = np.random.default_rng(0)
session = leapp_core.capture("kalman", save_path)
with session:
    for _ in range(6):
        z = rng.normal(size=2)
        session.input_tensors("filter", {"z": z})
        x = F @ x
        P = F @ P @ F.T + 0.01 * np.eye(4)
        gain = P @ H.T @ np.linalg.inv(H @ P @ H.T + 0.1 * np.eye(2))
        x = x + gain @ (z - H @ x)
        P = (np.eye(4) - gain @ H) @ P
        session.output_tensors("filter", {"estimate": x})
"""


def test_a_script_of_numpy_alone_whose_covariance_no_input_reaches(tmp_path: Path) -> None:
    script = tmp_path / "kalman.py"
    script.write_text(KALMAN, encoding="utf-8")
    left = runpy.run_path(str(script), {"save_path": str(tmp_path)})
    runtime = load(left["session"].export("onnx-dynamo", visualize=False).bundle)
    generator, rest = np.random.default_rng(0), KALMAN.partition("z})\n")[2].partition("        session.output")[0]
    names: dict[str, Any] = {"np": np}
    exec(KALMAN.partition("rng =")[0].replace(", leapp_core", ""), names)
    for _ in range(30):
        names["z"] = generator.normal(size=2)
        exec(textwrap.dedent(rest), names)
        np.testing.assert_allclose(runtime.step({"z": names["z"]})["estimate"], names["x"], atol=1e-9)


def test_a_queue_of_arrays_that_is_still_filling(tmp_path: Path) -> None:
    history = collections.deque([np.zeros(3, dtype=np.float32)] * 4, maxlen=4)

    def step(reading: Reading) -> Any:
        history.append(reading["q"] + reading["dq"])
        return np.concatenate(history)

    with capture("queue", tmp_path) as session:
        for reading in readings(6):
            session.input_tensors("policy", reading)
            session.output_tensors("policy", {"action": step(reading)})
    history.extend([np.zeros(3, dtype=np.float32)] * 4)
    agrees(session, step)


def test_limits_and_periods_are_doubles(tmp_path: Path) -> None:
    def step(q: Any, dq: Any) -> Any:
        return np.clip(q, -0.1, 0.1) + np.clip(dq, None, 0.3)

    with capture("limits", tmp_path) as session:
        for reading in readings(5, dtype=np.float64):
            session.input_tensors("policy", reading)
            session.output_tensors("policy", {"action": step(**reading)})
    agrees(session, lambda r: step(**r), np.float64)


def test_a_row_of_a_factorisation(tmp_path: Path) -> None:
    def step(q: Any, dq: Any) -> Any:
        return np.linalg.inv(np.eye(3) + np.outer(q, q))[0] + np.linalg.cholesky(np.eye(3) + np.outer(dq, dq))[1]

    with capture("row", tmp_path) as session:
        for reading in readings(5, dtype=np.float64):
            session.input_tensors("policy", reading)
            session.output_tensors("policy", {"action": step(**reading)})
    agrees(session, lambda r: step(**r), np.float64)
