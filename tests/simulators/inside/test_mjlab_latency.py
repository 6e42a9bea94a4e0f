"""Runs in mjlab's environment: random latency of actuators is the robot's, alike in both forms and in no bundle."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("mjlab")

from leapp_core import GraphConfigs, capture
from leapp_core.bundle import load_document
from leapp_core.plugins.environments import EnvRequest
from leapp_core.plugins.policies import PolicyRequest
from leapp_core.runtime import load
from leapp_rsl_rl.adapter import RslRlAdapter
from leapp_rsl_rl.environments.mjlab.config import load_config
from leapp_rsl_rl.environments.mjlab.deployment import MjlabDeployment
from leapp_rsl_rl.environments.mjlab.training import MjlabPolicyEnvironment
from tests.simulators.cases import CHECKPOINT, LIMIT
from tests.simulators.loops import compare_runs
from tests.simulators.venvs import ROOT

REQUEST = EnvRequest("Mjlab-Cartpole-Balance")


def latent(lag):
    """The task's configuration with a motor whose commands arrive up to ``lag`` physics steps late."""
    config = load_config(REQUEST)
    for actuator in config.env.scene.entities["cartpole"].articulation.actuators:
        actuator.delay_max_lag = lag
    return config


def exported(lag, folder):
    environment = MjlabPolicyEnvironment(REQUEST.task, latent(lag), 0, "cpu")
    needs = PolicyRequest(ROOT / CHECKPOINT, environment.agent, environment.observations(), environment.num_actions)
    policy = RslRlAdapter().load(needs)
    environment.reset(0)
    session = capture(REQUEST.task, folder)
    with session:
        for _ in range(4):
            environment.step(policy, session)
    report = session.export("onnx-dynamo", configs=GraphConfigs(environment.frequency, {}))
    return environment, policy, report


def moved(environment, policy):
    environment.reset(3)
    policy.reset()
    return [environment.step(policy).state["cartpole.joint_vel"] for _ in range(10)]


def test_latency_of_actuators(tmp_path):
    plain, policy, without = exported(0, tmp_path / "plain")
    prompt = moved(plain, policy)
    plain.close()
    environment, policy, report = exported(4, tmp_path / "latent")
    assert not np.array_equal(moved(environment, policy), prompt), "the latency does something"
    assert [n.sha256 for n in report.nodes] == [n.sha256 for n in without.nodes], "nothing of it is in the model"
    scene = MjlabDeployment(REQUEST, latent(4), load_document(report.yaml_path).document)
    runtime = load(report.yaml_path, full_names=True)
    found = compare_runs(environment, policy, scene, runtime, 3, 60)
    assert found.action_error <= LIMIT
    assert found.replay_error == 0.0
    scene.close()
    environment.close()
