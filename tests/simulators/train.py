"""Train the recurrent checkpoints in ``data``: ``python -m tests.simulators.train`` in mjlab's environment (minutes).

An untrained recurrent policy lets the pole fall and swing, which makes visible what physics does to a rounding, but
not what the export does. These balance it.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from tests.simulators.cases import CASES, Case
from tests.simulators.venvs import ROOT

ENVIRONMENTS = 128
ITERATIONS = 100


def train(case: Case, iterations: int, environments: int) -> None:
    """Train a case's actor with mjlab's own runner and keep its actor's weights under the name the case has."""
    import mjlab.tasks  # noqa: F401 - importing registers the tasks
    import torch
    from mjlab.envs import ManagerBasedRlEnv
    from mjlab.rl import MjlabOnPolicyRunner, RslRlVecEnvWrapper
    from mjlab.tasks.registry import load_env_cfg, load_rl_cfg

    from leapp_rsl_rl.environments.mjlab.overrides import apply_overrides

    cfg, agent = load_env_cfg(case.task), load_rl_cfg(case.task)
    apply_overrides(case.overrides, cfg, agent)
    agent.critic = asdict(agent.critic)
    agent.actor, agent.logger, agent.upload_model = asdict(agent.actor), "tensorboard", False
    cfg.scene.num_envs, cfg.seed, agent.seed = environments, 1, 1
    environment = RslRlVecEnvWrapper(ManagerBasedRlEnv(cfg=cfg, device="cpu"), clip_actions=agent.clip_actions)
    assert case.checkpoint is not None
    with tempfile.TemporaryDirectory() as folder:
        runner = MjlabOnPolicyRunner(environment, asdict(agent), folder, "cpu")
        began = time.perf_counter()
        runner.learn(iterations, init_at_random_ep_len=True)
        whole = Path(folder) / "model.pt"
        runner.save(str(whole))
        content = torch.load(whole, map_location="cpu", weights_only=True)
    del content["optimizer_state_dict"]
    content["critic_state_dict"] = {}
    torch.save(content, ROOT / case.checkpoint)
    sys.stdout.write(f"{case.checkpoint}: {iterations} iterations in {time.perf_counter() - began:.0f} s\n")
    environment.close()


if __name__ == "__main__":
    for wanted in CASES:
        if wanted.checkpoint and wanted.env == "mjlab" and "RNNModel" in " ".join(wanted.overrides):
            train(wanted, ITERATIONS, ENVIRONMENTS)
