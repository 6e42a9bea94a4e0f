"""What capture adds to the steps it records; runs in a simulator's environment, prints JSON.

Processor time of this thread's process is taken, which other work on the machine does not change. Recorded and plain
steps are those of one episode; both are taken after the kernels are compiled.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import torch

from leapp_core import capture
from leapp_core.plugins.environments import EnvRequest
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.policies import PolicyRequest
from leapp_core.policy_export.adapters import find_adapter
from tests.simulators.run_case import MARK, untrained

STEPS = 6


def main(provider_name: str, task: str) -> None:
    """Step, record, step again; print the seconds of each."""
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
        plain = [_steps(env, policy, None)]
        session = capture("policy", folder)
        env.reset(0)
        policy.reset()
        with session:
            recorded = _steps(env, policy, session, begin=False)
        plain.append(_steps(env, policy, None))
        began = time.process_time()
        session.compile()
        compiled = time.process_time() - began
    facts = {"start": started, "plain": min(plain), "recorded": recorded, "compile": compiled, "steps": STEPS}
    sys.stdout.write(f"{MARK}{json.dumps(facts)}\n")


def _steps(env, policy, session, begin: bool = True) -> float:
    if begin:
        env.reset(0)
        policy.reset()
    began = time.process_time()
    for _ in range(STEPS):
        env.step(policy, session)
    return time.process_time() - began


if __name__ == "__main__":
    main(*sys.argv[1:])
