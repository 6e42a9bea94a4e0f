"""Loads what train.py saved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from leapp_core.checkpoints.peek import peek
from leapp_core.checkpoints.torch_files import read_torch_file
from leapp_core.errors import CheckpointError
from leapp_core.plugins.policies import (
    LoadedPolicy,
    PolicyAdapter,
    PolicyRequest,
    Recognition,
    Recorder,
    StandalonePolicy,
    StandaloneRequest,
)

if TYPE_CHECKING:
    import torch


class PendulumAdapter(PolicyAdapter):
    name = "pendulum"
    summary = "networks of leapp_pendulum.train"
    requires = ("torch",)
    extra = None

    def recognizes(self, checkpoint: Path) -> Recognition | None:
        # Looks at the names in the file; without this, users would have to say --adapter pendulum.
        facts = peek(checkpoint)
        known = facts.kind == "torch" and {"network", "leapp_pendulum"} <= facts.names
        return Recognition(1.0, "leapp_pendulum.train saved it") if known else None

    def load(self, request: PolicyRequest) -> LoadedPolicy:
        return NetworkPolicy(_read(request.checkpoint))

    def load_alone(self, request: StandaloneRequest) -> StandalonePolicy:
        # Only needed for `leapp export --policy-only`; shapes are without the batch axis.
        return StandalonePolicy(NetworkPolicy(_read(request.checkpoint)), {"observations": (4,)})


class NetworkPolicy(LoadedPolicy):
    """The network. One with recurrent state would forget it in reset(); capture finds such state by itself."""

    summary = "MLP 4-32-1"

    def __init__(self, network: torch.nn.Module) -> None:
        self._network = network.eval()

    def act(
        self, observations: Mapping[str, torch.Tensor], session: Recorder | None = None, node: str | None = None
    ) -> torch.Tensor:
        return self._network(observations["observations"])

    def reset(self) -> None:
        pass


def _read(path: Path) -> torch.nn.Module:
    from leapp_pendulum.task import make_network

    network = make_network()
    # Reads the file as data: a checkpoint must never run code. What is damaged or is no such file is told there.
    content = read_torch_file(path)
    try:
        network.load_state_dict(content["network"])
    except (KeyError, TypeError, RuntimeError) as error:
        raise CheckpointError(
            f"the checkpoint holds no network of this task: {str(error).splitlines()[0]}",
            where=str(path),
            expected="a file that leapp_pendulum.train saved",
        ) from error
    return network
