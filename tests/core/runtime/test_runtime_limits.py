"""Limits on readings, answers and state; a step that breaks one leaves no trace."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from leapp_core.errors import LimitError, RuntimeInputError, UsageError
from leapp_core.runtime import Limit, Limits, PolicyRuntime, load

SAVED = Path(__file__).parents[2] / "data" / "bundles" / "v0.1.0"
SAFE = {"joint_targets": np.zeros((1, 3)), "kp": 1.0, "kd": 0.5}


def arm(limits: Limits | None = None, **options) -> PolicyRuntime:
    return load(SAVED / "Builtin-Reach-Arm", limits=limits, **options)


def reading(step: int = 0, value: float | None = None) -> dict[str, np.ndarray]:
    joints = np.sin(np.arange(3, dtype=np.float32) + 0.1 * step).reshape(1, 3)
    if value is not None:
        joints = joints.copy()
        joints[0, 1] = value
    return {
        "joint_pos": joints,
        "joint_vel": np.zeros((1, 3), np.float32),
        "target_position": np.array([[0.4, 0.3]], np.float32),
    }


def same(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[k], other[k]) for k in one)


@pytest.mark.parametrize("name", ["Builtin-Reach-Arm", "Builtin-Balance-Partial", "Builtin-Velocity-Hopper"])
def test_limits_do_not_change_what_a_policy_answers(name: str) -> None:
    from tests.data.bundles.make_expected import inputs

    plain, guarded = load(SAVED / name), load(SAVED / name, limits=Limits())
    ports = {key: tuple(int(size) for size in port.shape) for key, port in plain.inputs.items()}
    for step in range(30):
        assert same(plain.step(inputs(ports, step)), guarded.step(inputs(ports, step)))
        if step == 15:
            plain.reset()
            guarded.reset()
    assert same(plain.state, guarded.state)


@pytest.mark.parametrize(
    ("limits", "value", "message"),
    [
        (Limits(), np.nan, r"input 'joint_pos' is nan at elbow, index \(0, 1\)"),
        (Limits(), np.inf, "input 'joint_pos' is inf at elbow"),
        (Limits(), 3e38, "output 'joint_targets' is nan"),
        (Limits(inputs={"joint_pos": Limit(-3, 3)}), 3.5, "input 'joint_pos' is 3.5 at elbow"),
        (Limits(inputs={"joint_pos": Limit(high=[9, 3, 9])}), 3.5, "input 'joint_pos' is 3.5 at elbow"),
        (Limits(inputs={"joint_pos": Limit(rate=10)}), 1.5, "input 'joint_pos' changed by"),
        (Limits(outputs={"joint_targets": Limit(rate=1)}), 1.5, "output 'joint_targets' changed by"),
        (Limits(state={"last_action_in": Limit(-0.001, 0.001)}), 1.5, "state 'last_action_in' is"),
    ],
)
def test_a_step_that_breaks_a_limit_leaves_the_state_as_before(limits: Limits, value: float, message: str) -> None:
    free = Limits(on_violation=limits.on_violation)
    runtime = arm(limits if not limits.state else free)
    first = runtime.step(reading())
    runtime = arm(limits)
    if not limits.state:
        assert same(runtime.step(reading()), first)
    before = runtime.state
    with pytest.raises(LimitError, match=message):
        runtime.step(reading(1, value))
    assert same(runtime.state, before)
    assert runtime.fault is not None
    with pytest.raises(LimitError, match="no step is made since one failed"):
        runtime.step(reading(1))
    runtime.clear_fault()
    if not limits.state and limits.outputs == {}:
        other = arm()
        other.step(reading())
        assert same(runtime.step(reading(1)), other.step(reading(1)))


def test_hold_returns_the_last_outputs_that_were_right() -> None:
    runtime = arm(Limits(on_violation="hold", latch=False))
    with pytest.raises(LimitError, match="is nan"):  # nothing to hold yet
        runtime.step(reading(0, np.nan))
    good = [runtime.step(reading(step)) for step in range(3)]
    for _ in range(3):
        assert same(runtime.step(reading(3, np.nan)), good[-1])
    assert runtime.fault is not None
    other = arm()
    expected = [other.step(reading(step)) for step in range(4)]
    assert same(runtime.step(reading(3)), expected[-1])
    assert runtime.fault is None


def test_what_is_held_is_not_what_the_caller_got() -> None:
    runtime = arm(Limits(on_violation="hold", latch=False))
    given = runtime.step(reading())
    kept = {key: value.copy() for key, value in given.items()}
    for value in given.values():
        value[...] = 7
    assert same(runtime.step(reading(1, np.nan)), kept)


def test_safe_outputs_stay_until_the_user_says_that_all_is_well() -> None:
    runtime = arm(Limits(on_violation="safe", safe=SAFE))
    runtime.step(reading())
    for step in (1, 2, 3):
        outputs = runtime.step(reading(step, np.nan if step == 1 else None))
        np.testing.assert_array_equal(outputs["kp"], np.full((1, 3), 1.0, np.float32))
        assert outputs["joint_targets"].dtype == np.float32
    assert "is nan" in runtime.fault.message
    runtime.clear_fault()
    other = arm()
    other.step(reading())
    assert same(runtime.step(reading(1)), other.step(reading(1)))
    runtime.step(reading(1, np.nan))
    runtime.reset()
    assert runtime.fault is None
    assert same(runtime.step(reading()), arm().step(reading()))


def test_a_reading_of_the_wrong_size_is_held_too() -> None:
    runtime = arm(Limits(on_violation="hold", latch=False))
    good = runtime.step(reading())
    assert same(runtime.step({**reading(), "joint_pos": np.zeros((1, 4), np.float32)}), good)
    assert same(runtime.step({}), good)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_old_readings_are_refused_or_held() -> None:
    clock = Clock()
    runtime = arm(Limits(max_age=0.1, clock=clock, on_violation="hold", latch=False))
    good = runtime.step(reading(), taken=99.95)
    assert same(runtime.step(reading(1), taken=99.8), good)
    assert "input 'joint_pos' is 0.200 s old" in runtime.fault.message
    fresh = dict.fromkeys(runtime.inputs, 100.0)
    assert same(runtime.step(reading(1), taken={**fresh, "joint_vel": 99.0}), good)
    assert runtime.fault.port == "joint_vel"
    assert same(runtime.step(reading(1), taken=101.0), good)  # from the future
    assert same(runtime.step(reading(1)), good)  # nobody says when
    assert not same(runtime.step(reading(1), taken=fresh), good)


def test_the_rate_has_to_be_the_bundles_unless_another_is_allowed() -> None:
    assert arm(rate=50).frequency == 50
    with pytest.raises(UsageError, match="would run at 100 Hz, it was made for 50 Hz"):
        arm(rate=100)
    arm(rate=100, allow_other_rate=True)
    with pytest.raises(UsageError, match="rate is 0"):
        arm(rate=0)


def test_warm_up_leaves_state_and_inputs_alone() -> None:
    runtime, other = arm(), arm()
    for step in range(3):
        runtime.step(reading(step))
        other.step(reading(step))
    state, given = runtime.state, runtime.last_inputs()
    runtime.warm_up()
    assert same(runtime.state, state)
    assert same(runtime.last_inputs(), given)
    assert same(runtime.step(reading(3)), other.step(reading(3)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Limit(2, 1), "a limit goes from 2 to 1"),
        (lambda: Limit(rate=-1), "a limit of change is -1"),
        (lambda: Limits(on_violation="stop"), "on_violation is 'stop'"),
        (lambda: Limits(on_violation="safe"), "no safe outputs are given"),
        (lambda: Limits(max_age=0), "max_age is 0"),
        (lambda: arm(Limits(inputs={"joint_po": Limit(0, 1)})), "there is no input 'joint_po' to limit"),
        (lambda: arm(Limits(outputs={"kp": Limit([0, 0], 1)})), "the limit of 'kp' has 2 numbers"),
        (lambda: arm(Limits(safe={"kp": 1.0})), "no safe value is given for output"),
        (lambda: arm(Limits(safe={**SAFE, "kp": [1.0, 2.0]})), "the safe value of 'kp' has 2 elements"),
    ],
)
def test_rules_that_cannot_be_are_refused(make, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()


def test_a_runtime_without_limits_takes_no_offence() -> None:
    assert np.isnan(arm().step(reading(0, np.nan))["joint_targets"]).any()
    with pytest.raises(RuntimeInputError, match="is missing"):
        arm().step({})
