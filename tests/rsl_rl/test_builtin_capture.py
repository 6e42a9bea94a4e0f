"""What capture finds in the built-in tasks, and that the found program controls the robot as the policy does."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
import torch

from leapp_core.plugins.environments import EnvRequest, PolicyEnvironment
from leapp_core.plugins.policies import LoadedPolicy, PolicyRequest
from leapp_core.spec.document import BundleDocument
from leapp_core.tracing.result import CapturedPipeline
from leapp_core.tracing.session import capture
from leapp_rsl_rl.adapter import RslRlAdapter
from leapp_rsl_rl.environments.builtin.catalog import BUILTIN_TASKS
from leapp_rsl_rl.environments.builtin.provider import BuiltinProvider
from tests.tiers import few

PROVIDER = BuiltinProvider()
NAMES = [task.name for task in BUILTIN_TASKS]
CLOCKED = {"last_action": (1, 2), "hop_clock_phase": (1, 1)}
DELAYED = {"base_velocity_delay_frames": (1, 3, 2), "base_velocity_delay_is_fresh": (1,)}
STATE: dict[str, dict[str, tuple[int, ...]]] = {
    "Builtin-Reach-Arm": {"last_action": (1, 3)},
    "Builtin-Balance-Partial": {"actor_state": (1, 1, 32), "last_action": (1, 1)},
    "Builtin-Velocity-Hopper": {
        **DELAYED,
        "base_velocity_history_frames": (1, 4, 2),
        "base_velocity_history_is_fresh": (1,),
        "joint_pos_history_frames": (1, 4, 2),
        "joint_pos_history_is_fresh": (1,),
        "joint_vel_history_frames": (1, 4, 2),
        "joint_vel_history_is_fresh": (1,),
        **CLOCKED,
    },
    "Builtin-Velocity-Hopper-LSTM": {
        "actor_state_0": (1, 1, 48),
        "actor_state_1": (1, 1, 48),
        **DELAYED,
        **CLOCKED,
    },
}


def make(task: str) -> tuple[PolicyEnvironment, LoadedPolicy]:
    env = PROVIDER.make(EnvRequest(task))
    checkpoint = PROVIDER.pretrained_checkpoint(task)
    assert checkpoint is not None
    return env, RslRlAdapter().load(PolicyRequest(checkpoint, env.agent, env.observations(), env.num_actions))


@cache
def captured(task: str) -> CapturedPipeline:
    env, policy = make(task)
    env.reset(seed=0)
    policy.reset()
    with capture(task) as session:
        for _ in range(5):
            env.step(policy, session)
    return session.compile()


@pytest.mark.parametrize("task", few(NAMES, 1))
def test_state_is_found_whole_and_nothing_else(task: str) -> None:
    spec = captured(task).spec
    found = {edge.target.port.removesuffix("_in"): spec.input_spec(edge.target).shape for edge in spec.feedback}
    assert found == STATE[task]


def test_ports_carry_their_meaning() -> None:
    node = captured("Builtin-Velocity-Hopper").spec.nodes[0]
    assert [(p.name, p.kind, p.element_names) for p in node.inputs[:5]] == [
        ("joint_pos", "state/joint/position", (("hip", "leg"),)),
        ("joint_vel", "state/joint/velocity", (("hip", "leg"),)),
        ("base_lin_vel", "state/body/linear_velocity", (("x", "z"),)),
        ("base_height", "state/body/position", (("z",),)),
        ("velocity_command", "command/body/velocity", (("x",),)),
    ]
    outside = [ref.port for ref in captured("Builtin-Velocity-Hopper").spec.outputs]
    assert outside == ["joint_targets", "kp", "kd"]
    assert [(node.output(name).kind, node.output(name).element_names) for name in outside] == [
        ("target/joint/position", (("hip", "leg"),)),
        ("kp", (("hip", "leg"),)),
        ("kd", (("hip", "leg"),)),
    ]


@pytest.mark.parametrize("task", few(NAMES, 1))
def test_captured_program_lives_through_the_same_episode(task: str) -> None:
    pipeline = captured(task)
    env, policy = make(task)
    scene = PROVIDER.deploy(EnvRequest(task), BundleDocument(task, pipeline.spec, {}))
    controller = _controller(pipeline)
    env.reset(seed=21)
    scene.reset(seed=21)
    policy.reset()
    for _ in range(120):
        outputs = controller(scene.read())
        trained, deployed = env.step(policy), scene.step(outputs)
        for name, value in trained.targets.items():
            np.testing.assert_allclose(deployed.targets[name], value, rtol=0, atol=1e-5)
        assert deployed.reward == pytest.approx(trained.reward, abs=1e-5)


Arrays = dict[str, np.ndarray]


def _controller(pipeline: CapturedPipeline) -> Callable[[Arrays], Arrays]:
    node = pipeline.spec.nodes[0]
    module = pipeline.programs[node.name].exported.module()
    state = {str(ref): value for ref, value in pipeline.initial_values.items()}

    def step(readings: Arrays) -> Arrays:
        given = {name: torch.from_numpy(value) for name, value in readings.items()} | state
        results = module(*(given[f"{node.name}/{port.name}"] for port in node.inputs))
        named = {f"{node.name}/{port.name}": value for port, value in zip(node.outputs, results, strict=True)}
        state.update({str(edge.target): named[str(edge.source)] for edge in pipeline.spec.feedback})
        return {name: value.numpy() for name, value in named.items()}

    return step


def test_views_sized_like_another_tensor() -> None:
    """A view may take a second tensor for its sizes only; it must not be needed by the program."""
    reading = torch.zeros(1, 4)
    like = torch.zeros(3, 4)
    with capture("sized") as session:
        for step in range(4):
            reading += step
            session.input_tensors("node", {"x": reading})
            rows = reading.expand_as(like) * torch.arange(3.0)[:, None]
            session.output_tensors("node", {"y": rows.view_as(torch.zeros(4, 3)) + 1.0})
    program = session.compile().programs["node"]
    (result,) = program.exported.module()(torch.full((1, 4), 2.0))
    expected = (torch.full((3, 4), 2.0) * torch.arange(3.0)[:, None]).reshape(4, 3) + 1.0
    assert torch.equal(result, expected)
