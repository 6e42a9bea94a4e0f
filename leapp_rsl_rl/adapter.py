"""The RSL-RL policy adapter, as a plugin sees it. Importing it loads no torch."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

from leapp_core.checkpoints.peek import peek
from leapp_core.plugins.policies import (
    LoadedPolicy,
    PolicyAdapter,
    PolicyRequest,
    Recognition,
    StandalonePolicy,
    StandaloneRequest,
)

_PARTS = ("actor_state_dict", "student_state_dict", "model_state_dict")
_BESIDE = frozenset({"iter", "infos"})
_NAME = re.compile(r"model_\d+\.pt")


class RslRlAdapter(PolicyAdapter):
    """Loads checkpoints of rsl-rl-lib with rsl_rl's own model classes."""

    name: ClassVar[str] = "rsl-rl"
    aliases: ClassVar[tuple[str, ...]] = ("rsl_rl",)
    summary: ClassVar[str] = "RSL-RL policies: MLP, CNN, GRU and LSTM, with or without normalized observations"
    requires: ClassVar[tuple[str, ...]] = ("torch", "rsl_rl", "tensordict")
    extra: ClassVar[str | None] = "rsl-rl"

    def recognizes(self, checkpoint: Path) -> Recognition | None:
        """Know a file by the names that rsl_rl's runners give its parts, in any version."""
        facts = peek(checkpoint)
        if facts.kind == "torch":
            for part in _PARTS:
                if part in facts.names:
                    # Other libraries may call a part so, too, but not beside an iteration and infos.
                    return Recognition(0.9 if facts.names >= _BESIDE else 0.7, f"it holds {part!r}")
        if facts.kind in ("other", "pickle", "torchscript") and _NAME.fullmatch(checkpoint.name):
            return Recognition(0.1, "its name is one that rsl_rl's runners give")
        return None

    def load(self, request: PolicyRequest) -> LoadedPolicy:
        """Load a checkpoint, never running code from it.

        Raises:
            CheckpointError: It is missing, damaged, unsafe, or does not fit the configuration and the observations.
            MissingExtraError: rsl_rl is not installed.
        """
        self.require()
        from leapp_rsl_rl.policy import load_policy

        return load_policy(request)

    def load_alone(self, request: StandaloneRequest) -> StandalonePolicy:
        """Load a checkpoint without its environment; see the contract.

        Raises:
            CheckpointError: See :meth:`load`; or neither weights nor configuration tell the shape of an observation.
            MissingExtraError: rsl_rl is not installed.
        """
        self.require()
        from leapp_rsl_rl.standalone import load_standalone

        return load_standalone(request)
