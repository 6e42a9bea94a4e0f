"""What capture adds to the steps it records; runs in a simulator's environment, prints JSON.

Processor time of this process is taken, which other work on the machine does not change. Recorded and plain steps are
those of one episode; both are taken after the kernels are compiled.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import torch

from leapp_core.plugins.environments import EnvRequest, PolicyEnvironment
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.policies import LoadedPolicy, PolicyRequest
from leapp_core.policy_export.adapters import find_adapter
from leapp_core.policy_export.capturing import CaptureSettings, capture_policy
from tests.simulators.run_case import MARK, untrained

STEPS = 6
PROCESSOR = patch("time.perf_counter", time.process_time)
"""Lets the clocks of the recording itself count processor time."""


def main(provider_name: str, task: str) -> None:
    """Step, record as an export does, step again; print the seconds of each."""
    torch.set_num_threads(1)
    plugins = PluginManager()
    began = time.process_time()
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(plugins.environments.get(provider_name).make(EnvRequest(task, seed=7))) as env,
    ):
        checkpoint = untrained(env, Path(folder) / "untrained.pt", None)
        policy = find_adapter(checkpoint, None, plugins).load(PolicyRequest.within(env, checkpoint))
        env.step(policy)
        started = time.process_time() - began
        plain = [_steps(env, policy)]
        began = time.process_time()
        with PROCESSOR:
            _, took = capture_policy(env, policy, CaptureSettings("policy", STEPS), plugins)
        after = time.process_time() - began - took.total
        plain.append(_steps(env, policy))
    facts = {"start": started, "plain": min(plain), "recorded": took.total}
    facts |= {"looking": took.looking, "preparing": took.preparing}
    sys.stdout.write(f"{MARK}{json.dumps(facts | {'after': after})}\n")


def _steps(env: PolicyEnvironment, policy: LoadedPolicy) -> float:
    env.reset(0)
    policy.reset()
    began = time.process_time()
    for _ in range(STEPS):
        env.step(policy)
    return time.process_time() - began


if __name__ == "__main__":
    main(*sys.argv[1:])
