"""The policies the runtime benchmark steps, as PyTorch modules and as bundles that ours and ``leapp`` both load."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from leapp_core.spec.document import ArtifactRef, BundleDocument
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import Edge, GraphConfigs, NodeSpec, PipelineSpec
from leapp_core.spec.port import PortSpec
from leapp_core.spec.yaml_io import write_document

OBS, ACT, HIDDEN = 48, 12, 256


@dataclass(frozen=True)
class Node:
    """A module with named inputs and outputs; ``feedback`` maps output to input."""

    name: str
    module: nn.Module
    inputs: dict[str, tuple[int, ...]]
    outputs: dict[str, tuple[int, ...]]
    feedback: dict[str, str]


@dataclass(frozen=True)
class Case:
    """One pipeline: nodes in order, an output feeds the input of the same name of the next."""

    name: str
    nodes: tuple[Node, ...]

    def eager(self) -> Callable[[torch.Tensor], torch.Tensor]:
        """Return a function that makes one step in PyTorch, state kept."""
        state = [[torch.zeros(node.inputs[target]) for target in node.feedback.values()] for node in self.nodes]

        def step(x: torch.Tensor) -> torch.Tensor:
            for i, node in enumerate(self.nodes):
                result = node.module(x, *state[i])
                x, state[i] = (result[0], list(result[1:])) if state[i] else (result, [])
            return x

        return step


class Recurrent(nn.Module):
    """A recurrent actor: hidden state in and out."""

    def __init__(self, kind: type[nn.GRU] | type[nn.LSTM]) -> None:
        super().__init__()
        self.rnn = kind(OBS, HIDDEN)
        self.head = nn.Linear(HIDDEN, ACT)

    def forward(self, x: torch.Tensor, *state: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the action and the next state."""
        out, new = self.rnn(x.unsqueeze(0), state[0] if len(state) == 1 else state)
        return (self.head(out.squeeze(0)), *((new,) if isinstance(new, torch.Tensor) else new))


class Scale(nn.Module):
    """Normalise and clip, as in front of and behind a network."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.randn(size))
        self.register_buffer("std", torch.rand(size) + 0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the scaled values."""
        return ((x - self.mean) / self.std).clamp(-5.0, 5.0)


def mlp(sizes: Sequence[int] = (OBS, 512, 256, 128, ACT)) -> nn.Sequential:
    """Return the usual locomotion actor."""
    layers: list[nn.Module] = []
    for i, (a, b) in enumerate(itertools.pairwise(sizes)):
        layers += [nn.Linear(a, b)] + ([nn.ELU()] if i < len(sizes) - 2 else [])
    return nn.Sequential(*layers)


def cases() -> list[Case]:
    """Return the benchmark's pipelines, seeded."""
    torch.manual_seed(0)
    state = (1, 1, HIDDEN)
    cnn = nn.Sequential(
        nn.Conv2d(1, 16, 5, 2), nn.ELU(), nn.Conv2d(16, 32, 3, 2), nn.ELU(), nn.Flatten(), nn.Linear(32 * 49, ACT)
    )
    obs, action = {"obs": (1, OBS)}, {"action": (1, ACT)}
    return [
        Case("MLP", (Node("policy", mlp(), obs, action, {}),)),
        Case(
            "GRU",
            (Node("policy", Recurrent(nn.GRU), {**obs, "h_in": state}, {**action, "h_out": state}, {"h_out": "h_in"}),),
        ),
        Case(
            "LSTM",
            (
                Node(
                    "policy",
                    Recurrent(nn.LSTM),
                    {**obs, "h_in": state, "c_in": state},
                    {**action, "h_out": state, "c_out": state},
                    {"h_out": "h_in", "c_out": "c_in"},
                ),
            ),
        ),
        Case("CNN", (Node("policy", cnn, {"image": (1, 1, 36, 36)}, action, {}),)),
        Case(
            "three nodes",
            (
                Node("pre", Scale(OBS), {"raw": (1, OBS)}, obs, {}),
                Node("net", mlp(), obs, {"latent": (1, ACT)}, {}),
                Node("post", Scale(ACT), {"latent": (1, ACT)}, action, {}),
            ),
        ),
    ]


def write_bundle(case: Case, folder: Path) -> Path:
    """Write a case as a bundle; return its YAML file."""
    folder.mkdir(parents=True)
    artifacts = {}
    for node in case.nodes:
        path = folder / f"{node.name}.onnx"
        torch.onnx.export(
            node.module.eval(),
            tuple(torch.zeros(shape) for shape in node.inputs.values()),
            str(path),
            input_names=list(node.inputs),
            output_names=list(node.outputs),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
        content = path.read_bytes()
        md5 = hashlib.md5(content).hexdigest()
        artifacts[node.name] = ArtifactRef(path.name, "onnx", hashlib.sha256(content).hexdigest(), md5)
    document = BundleDocument(
        "graph", _pipeline(case), artifacts, _initial_values(case, folder), system_information=_SYSTEM
    )
    yaml = folder / "graph.yaml"
    yaml.write_text(write_document(document))
    return yaml


_SYSTEM: dict[str, Any] = {"leapp version": "0", "leapp config version": "1.3"}


def _pipeline(case: Case) -> PipelineSpec:
    first, last = case.nodes[0], case.nodes[-1]
    nodes = tuple(
        NodeSpec(
            node.name,
            tuple(PortSpec(name, "float32", shape) for name, shape in node.inputs.items()),
            tuple(PortSpec(name, "float32", shape) for name, shape in node.outputs.items()),
        )
        for node in case.nodes
    )
    return PipelineSpec(
        nodes,
        data_flow=tuple(
            Edge(PortRef(a.name, next(iter(a.outputs))), PortRef(b.name, next(iter(b.inputs))))
            for a, b in itertools.pairwise(case.nodes)
        ),
        feedback=tuple(
            Edge(PortRef(node.name, source), PortRef(node.name, target))
            for node in case.nodes
            for source, target in node.feedback.items()
        ),
        inputs=(PortRef(first.name, next(iter(first.inputs))),),
        outputs=(PortRef(last.name, next(iter(last.outputs))),),
        configs=GraphConfigs(50.0),
    )


def _initial_values(case: Case, folder: Path) -> str | None:
    from safetensors.torch import save_file

    values = {
        f"{node.name}/{target}": torch.zeros(node.inputs[target])
        for node in case.nodes
        for target in node.feedback.values()
    }
    if not values:
        return None
    save_file(values, folder / "graph_initial_values.safetensors")
    return "graph_initial_values.safetensors"
