"""The RSL-RL policy adapter, as a plugin sees it. Importing it loads no torch."""

from __future__ import annotations

from typing import ClassVar

from leapp_core.plugins.policies import (
    LoadedPolicy,
    PolicyAdapter,
    PolicyRequest,
    StandalonePolicy,
    StandaloneRequest,
)


class RslRlAdapter(PolicyAdapter):
    """Loads checkpoints of rsl-rl-lib with rsl_rl's own model classes."""

    name: ClassVar[str] = "rsl-rl"
    summary: ClassVar[str] = "RSL-RL policies: MLP, CNN, GRU and LSTM, with or without normalized observations"
    requires: ClassVar[tuple[str, ...]] = ("torch", "rsl_rl", "tensordict")
    extra: ClassVar[str | None] = "rsl-rl"

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
