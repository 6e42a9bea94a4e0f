"""Which files are checkpoints of SB3, and loading them. Importing this loads neither SB3 nor PyTorch."""

from __future__ import annotations

from pathlib import Path

from leapp_core.checkpoints.peek import peek
from leapp_core.plugins.policies import (
    LoadedPolicy,
    PolicyAdapter,
    PolicyRequest,
    Recognition,
    StandalonePolicy,
    StandaloneRequest,
)


class Sb3ZipAdapter(PolicyAdapter):
    """Loads what ``model.save()`` wrote, with the ``VecNormalize`` file beside it."""

    name = "sb3-zip"
    summary = "Stable-Baselines3 and sb3-contrib: PPO, A2C, SAC, TD3, DDPG, DQN, TQC, RecurrentPPO; VecNormalize"
    requires = ("torch", "stable_baselines3", "gymnasium")

    def recognizes(self, checkpoint: Path) -> Recognition | None:
        known = {"data", "policy.pth", "_stable_baselines3_version"} <= set(peek(checkpoint).members)
        return Recognition(1.0, "it holds '_stable_baselines3_version'") if known else None

    def load(self, request: PolicyRequest) -> LoadedPolicy:
        self.require()
        from leapp_sb3.policy import load

        return load(request)

    def load_alone(self, request: StandaloneRequest) -> StandalonePolicy:
        self.require()
        from leapp_sb3.policy import load_alone

        return load_alone(request)
