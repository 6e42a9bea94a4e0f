"""Training and deployment form of the built-in tasks: the same physics, seeds and scores."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from leapp_core.errors import EnvError, UsageError
from leapp_core.plugins.environments import EnvRequest, PolicyEnvironment
from leapp_core.plugins.policies import LoadedPolicy, PolicyRequest
from leapp_core.spec.document import BundleDocument
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import NodeSpec, PipelineSpec
from leapp_core.spec.port import PortSpec
from leapp_rsl_rl.adapter import RslRlAdapter
from leapp_rsl_rl.environments.builtin.catalog import BUILTIN_TASKS
from leapp_rsl_rl.environments.builtin.provider import BuiltinProvider

PROVIDER = BuiltinProvider()
NAMES = [task.name for task in BUILTIN_TASKS]
PORTS = {
    "Builtin-Reach-Arm": (["joint_pos", "joint_vel", "target_position"], ["joint_targets", "kp", "kd"]),
    "Builtin-Balance-Partial": (["joint_pos"], ["joint_effort"]),
    "Builtin-Velocity-Hopper": (
        ["joint_pos", "joint_vel", "base_lin_vel", "base_height", "velocity_command"],
        ["joint_targets", "kp", "kd"],
    ),
}
PORTS["Builtin-Velocity-Hopper-LSTM"] = PORTS["Builtin-Velocity-Hopper"]


def document(inputs: list[str], outputs: list[str]) -> BundleDocument:
    def ports(names: list[str]) -> tuple[PortSpec, ...]:
        return tuple(PortSpec(name, "float32", (1, 1)) for name in names)

    def refs(names: list[str]) -> tuple[PortRef, ...]:
        return tuple(PortRef("node", name) for name in names)

    node = NodeSpec("node", ports(inputs), ports(outputs))
    return BundleDocument("graph", PipelineSpec((node,), inputs=refs(inputs), outputs=refs(outputs)), {})


def make(task: str, seed: int = 0) -> tuple[PolicyEnvironment, LoadedPolicy]:
    env = PROVIDER.make(EnvRequest(task, seed))
    checkpoint = PROVIDER.pretrained_checkpoint(task)
    assert checkpoint is not None
    return env, RslRlAdapter().load(PolicyRequest(checkpoint, env.agent, env.observations(), env.num_actions))


@pytest.mark.parametrize("task", NAMES)
def test_both_forms_live_through_the_same_episode(task: str) -> None:
    env, policy = make(task)
    scene = PROVIDER.deploy(EnvRequest(task), document(*PORTS[task]))
    env.reset(seed=9)
    scene.reset(seed=9)
    robot = env._env.robot
    gains = {"node/kp": robot.stiffness.numpy(), "node/kd": robot.damping.numpy()}
    for _ in range(60):
        readings = scene.read()
        assert list(readings) == [f"node/{name}" for name in PORTS[task][0]]
        trained = env.step(policy)
        deployed = scene.step({f"node/{name}": value for name, value in trained.targets.items()} | gains)
        assert deployed.reward == trained.reward
        assert deployed.done == trained.done
        for name, value in trained.state.items():
            np.testing.assert_array_equal(deployed.state[name], value)


@pytest.mark.parametrize("task", NAMES)
def test_episodes_repeat_with_their_seed(task: str) -> None:
    env, policy = make(task)
    runs = []
    for seed in (3, 3, 4):
        env.reset(seed)
        policy.reset()
        runs.append([float(env.step(policy).targets[PORTS[task][1][0]].sum()) for _ in range(10)])
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_facts_of_a_task() -> None:
    env, _ = make("Builtin-Velocity-Hopper")
    assert env.node == env.task == "Builtin-Velocity-Hopper"
    assert env.frequency == pytest.approx(50.0)
    assert env.max_episode_steps == 500
    assert env.num_actions == 2
    assert env.observations()["policy"].shape == (1, 30)
    assert env.notes == ("observation noise is off", "training-only events are off: push")


def test_every_task_is_listed_with_its_policy() -> None:
    assert [(info.name, info.pretrained) for info in PROVIDER.tasks()] == [(name, True) for name in NAMES]


def test_unknown_task_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"unknown built-in task 'Builtin-Reach'\n.*did you mean 'Builtin-Reach-Arm'"):
        PROVIDER.make(EnvRequest("Builtin-Reach"))


def test_overrides_are_refused() -> None:
    with pytest.raises(UsageError, match=r"take no configuration overrides, but 'a\.b=1' was given"):
        PROVIDER.make(EnvRequest(NAMES[0], overrides=("a.b=1",)))


def test_bundle_that_asks_for_an_unknown_reading() -> None:
    with pytest.raises(EnvError, match=r"for the input 'node/joint_poz'(.*\n)+.*mean 'joint_pos'"):
        PROVIDER.deploy(EnvRequest(NAMES[0]), document(["joint_poz"], ["joint_targets"]))


def test_bundle_of_another_task() -> None:
    with pytest.raises(EnvError, match=r"needs 'joint_targets', which the bundle does not put out"):
        PROVIDER.deploy(EnvRequest(NAMES[0]), document(["joint_pos"], ["joint_effort"]))


def test_listing_loads_no_torch() -> None:
    code = (
        "import sys, leapp_rsl_rl.plugin\n"
        "from leapp_rsl_rl.environments.builtin.provider import BuiltinProvider\n"
        "BuiltinProvider().tasks()\n"
        "print(', '.join(m for m in ('torch', 'numpy', 'onnx', 'rsl_rl', 'mjlab') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("\n", "")
