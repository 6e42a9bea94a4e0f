"""The adapters as plugins see them. Importing this loads neither torch nor a trainer."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from leapp_core.checkpoints.peek import peek
from leapp_core.plugins.policies import LoadedPolicy, PolicyAdapter, PolicyRequest, Recognition
from leapp_rsl_rl.wrappers import bare

_BESIDE_A_POLICY_OF_SKRL = frozenset(
    {"optimizer", "policy_optimizer", "observation_preprocessor", "state_preprocessor", "log_std_parameter"}
)


class SkrlAdapter(PolicyAdapter):
    """Loads checkpoints of skrl 2 with its own models."""

    name: ClassVar[str] = "skrl"
    summary: ClassVar[str] = "skrl policies: continuous actions, recurrent ones of the user's own class"
    requires: ClassVar[tuple[str, ...]] = ("torch", "skrl", "gymnasium")
    extra: ClassVar[str | None] = "skrl"

    def recognizes(self, checkpoint: Path) -> Recognition | None:
        """Know a file by the names that skrl's agents give their modules."""
        facts = peek(checkpoint)
        if facts.kind != "torch" or "policy" not in facts.names:
            return None
        beside = sorted(facts.names & _BESIDE_A_POLICY_OF_SKRL)
        return Recognition(0.8, f"it holds 'policy' and {beside[0]!r}") if beside else None

    def load(self, request: PolicyRequest) -> LoadedPolicy:
        """Load a checkpoint; see the contract."""
        self.require()
        from leapp_rsl_rl.trainers.skrl import load_skrl

        return load_skrl(request)


class RlGamesAdapter(PolicyAdapter):
    """Loads checkpoints of rl_games with its own players."""

    name: ClassVar[str] = "rl-games"
    aliases: ClassVar[tuple[str, ...]] = ("rl_games",)
    summary: ClassVar[str] = "rl_games policies: PPO and SAC with continuous actions, LSTM and GRU"
    requires: ClassVar[tuple[str, ...]] = ("torch", "rl_games", "gymnasium")
    extra: ClassVar[str | None] = "rl-games"

    def recognizes(self, checkpoint: Path) -> Recognition | None:
        """Know a file by the names of rl_games' networks."""
        facts = peek(checkpoint)
        if facts.kind != "torch":
            return None
        for network in ("a2c_network", "sac_network"):
            if any(bare(name).startswith(f"{network}.") for name in facts.names):
                return Recognition(0.95, f"it holds a {network!r}")
        if {"actor", "critic_target", "log_alpha_optimizer"} & facts.names >= {"actor", "critic_target"}:
            return Recognition(0.8, "it holds 'actor' and 'critic_target'")
        return None

    def load(self, request: PolicyRequest) -> LoadedPolicy:
        """Load a checkpoint; see the contract."""
        self.require()
        from leapp_rsl_rl.trainers.rl_games import load_rl_games

        return load_rl_games(request)


class Sb3Adapter(PolicyAdapter):
    """Loads checkpoints of Stable-Baselines3 and sb3-contrib with their own policies."""

    name: ClassVar[str] = "sb3"
    aliases: ClassVar[tuple[str, ...]] = ("stable-baselines3",)
    summary: ClassVar[str] = "Stable-Baselines3 policies: continuous actions, VecNormalize, LSTM of sb3-contrib"
    requires: ClassVar[tuple[str, ...]] = ("torch", "stable_baselines3", "gymnasium")
    extra: ClassVar[str | None] = "sb3"

    def recognizes(self, checkpoint: Path) -> Recognition | None:
        """Know an archive by its members."""
        if {"data", "policy.pth", "_stable_baselines3_version"} <= set(peek(checkpoint).members):
            # Nobody else writes such files, but an adapter of SB3 users knows more of them than one for Isaac Lab.
            return Recognition(0.9, "it holds '_stable_baselines3_version'")
        return None

    def load(self, request: PolicyRequest) -> LoadedPolicy:
        """Load a checkpoint; see the contract."""
        self.require()
        from leapp_rsl_rl.trainers.sb3 import load_sb3

        return load_sb3(request)
