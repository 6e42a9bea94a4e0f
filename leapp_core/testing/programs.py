"""Conformance cases: node programs with captured steps, made without a session."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from leapp_core.plugins.exporters import NodeProgram, Sample
from leapp_core.spec.pipeline import NodeSpec
from leapp_core.spec.port import PortSpec
from leapp_core.testing import policies

STEPS = 3


@dataclass(frozen=True)
class Case:
    """One conformance case.

    Attributes:
        name: What reports call it.
        make: Returns the programs of its nodes, in execution order.
        batchable: Its batch size can be made dynamic.
        recurrent: It carries the state of a recurrent layer.
    """

    name: str
    make: Callable[[], tuple[NodeProgram, ...]]
    batchable: bool = True
    recurrent: bool = False


@dataclass(frozen=True)
class _Node:
    module: nn.Module
    inputs: Mapping[str, tuple[tuple[int, ...], torch.dtype]]
    outputs: Sequence[str]
    feedback: Mapping[str, str] = field(default_factory=dict)
    name: str = "policy"


def make_program(
    module: nn.Module,
    inputs: Mapping[str, Tensor],
    outputs: Sequence[str],
    feedback: Mapping[str, str] | None = None,
    node: str = "policy",
) -> NodeProgram:
    """Return the program of a module, with :data:`STEPS` captured steps around the given inputs.

    Args:
        module: Put into evaluation mode; in-place writes on its own tensors come out functional.
        inputs: Port name to the first step's tensor, in positional order.
        outputs: Output port names.
        feedback: Output port to input port, for state; carried from step to step.
        node: Node name.
    """
    names, first = list(inputs), tuple(inputs.values())
    with warnings.catch_warnings(), torch.inference_mode():
        # How torch.export warns about modules does not concern who runs the kit.
        warnings.simplefilter("ignore")
        whole = _Tuple(module).eval()
        exported = torch.export.export(whole, first, strict=False).run_decompositions({})
        run = exported.module()
        generator = torch.Generator().manual_seed(7)
        samples, state = [], dict[str, Tensor]()
        for step in range(STEPS):
            drawn = first if step == 0 else tuple(draw_like(tensor, generator) for tensor in first)
            fed = {**dict(zip(names, drawn, strict=True)), **state}
            result = run(*fed.values())
            given = dict(zip(outputs, (tensor.clone() for tensor in result), strict=True))
            samples.append(Sample(fed, given))
            state = {target: given[source] for source, target in (feedback or {}).items()}
    spec = NodeSpec(
        node,
        tuple(_port(name, tensor) for name, tensor in samples[0].inputs.items()),
        tuple(_port(name, tensor) for name, tensor in samples[0].outputs.items()),
    )
    return NodeProgram(spec, exported, tuple(samples), dict(feedback or {}))


class _Tuple(nn.Module):
    """Returns a tuple whatever the module returns, as programs of captured nodes do."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Call the module."""
        result = self.module(*inputs)
        return (result,) if isinstance(result, Tensor) else tuple(result)


def draw_like(tensor: Tensor, generator: torch.Generator) -> Tensor:
    """Return random values of a tensor's shape and type: floats as sensors give, integers in the range of its own."""
    if tensor.dtype == torch.bool:
        return torch.rand(tensor.shape, generator=generator) > 0.5
    if not tensor.is_floating_point():
        low, high = (int(tensor.min()), int(tensor.max()) + 1) if tensor.numel() else (0, 1)
        return torch.randint(low, high, tensor.shape, generator=generator).to(tensor.dtype)
    return torch.randn(tensor.shape, generator=generator).to(tensor.dtype)


def _port(name: str, tensor: Tensor) -> PortSpec:
    return PortSpec(name, str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape))


def _programs(*nodes: Callable[[], _Node]) -> tuple[NodeProgram, ...]:
    made = []
    for build in nodes:
        torch.manual_seed(3)
        node = build()
        generator = torch.Generator().manual_seed(5)
        inputs = {name: draw_like(_ramp(shape, dtype), generator) for name, (shape, dtype) in node.inputs.items()}
        made.append(make_program(node.module, inputs, node.outputs, node.feedback, node.name))
    return tuple(made)


def _ramp(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    return torch.arange(math.prod(shape)).reshape(shape).to(dtype)


def _case(name: str, *nodes: Callable[[], _Node], batchable: bool = True, recurrent: bool = False) -> Case:
    return Case(name, functools.partial(_programs, *nodes), batchable, recurrent)


def _floats(**shapes: tuple[int, ...]) -> dict[str, tuple[tuple[int, ...], torch.dtype]]:
    return {name: (shape, torch.float32) for name, shape in shapes.items()}


def _plain(function: Callable[..., Any], outputs: Sequence[str], **shapes: tuple[int, ...]) -> _Node:
    return _Node(policies.Function(function), _floats(**shapes), outputs)


def _typed_mlp(dtype: torch.dtype) -> _Node:
    return _Node(policies.mlp().to(dtype), {"observation": ((1, 10), dtype)}, ["action"])


def _gru() -> _Node:
    shapes = _floats(observation=(1, 6), actor_state_in=(1, 1, 8))
    outputs = ["action", "actor_state_out"]
    return _Node(policies.Recurrent(nn.GRU), shapes, outputs, {"actor_state_out": "actor_state_in"})


def _lstm(layers: int) -> _Node:
    shapes = _floats(observation=(1, 6), h_in=(layers, 1, 8), c_in=(layers, 1, 8))
    outputs = ["action", "h_out", "c_out"]
    return _Node(policies.Recurrent(nn.LSTM, layers), shapes, outputs, {"h_out": "h_in", "c_out": "c_in"})


def _history() -> _Node:
    shapes = _floats(observation=(1, 4), history_in=(1, 3, 4))
    module = policies.Function(policies.history)
    return _Node(module, shapes, ["stacked", "history_out"], {"history_out": "history_in"})


def _counters() -> _Node:
    inputs = {"step_in": ((1, 2), torch.int64), "flag": ((1, 2), torch.bool), "values": ((1, 2), torch.float32)}
    outputs = ["step_out", "any", "every_fourth", "third"]
    return _Node(policies.Function(policies.counters), inputs, outputs, {"step_out": "step_in"})


def _odd_names() -> _Node:
    inputs = {"input": ((1, 5), torch.float32), "un used.ü": ((2,), torch.float32)}
    return _Node(policies.Function(policies.interface), inputs, ["input", "k p", "sin.1", "weight"], name="odd node")


def cases() -> tuple[Case, ...]:
    """Return every case, in the order in which they are run."""
    plain = policies
    return (
        _case("mlp", lambda: _typed_mlp(torch.float32)),
        _case("gru", _gru, recurrent=True),
        _case("lstm", lambda: _lstm(1), recurrent=True),
        _case("lstm, two layers", lambda: _lstm(2), recurrent=True),
        _case("camera", lambda: _Node(plain.Camera(), _floats(image=(1, 3, 14, 14), joints=(1, 5)), ["action"])),
        _case("attention", lambda: _Node(plain.Attention(), _floats(history=(1, 4, 6)), ["action"])),
        _case(
            "observation buffer",
            lambda: _plain(plain.observation_buffer, ["observation"], position=(1, 4), velocity=(1, 4), command=(1, 3)),
        ),
        _case("history in place", _history),
        _case("masks and indices", lambda: _plain(plain.masked, ["limited", "deadband"], observation=(1, 4))),
        _case("rotation", lambda: _plain(plain.rotate, ["rotated"], quaternion=(1, 4), vector=(1, 3))),
        _case("integers and flags", _counters),
        _case("odd ports", _odd_names),
        _case(
            "two nodes",
            lambda: _Node(policies.mlp(6, 4), _floats(sensors=(1, 6)), ["features"], name="encoder"),
            lambda: _Node(policies.mlp(4, 2), _floats(features=(1, 4)), ["action"], name="actor"),
        ),
        _case("float64", lambda: _typed_mlp(torch.float64), batchable=False),
        _case("float16", lambda: _typed_mlp(torch.float16), batchable=False),
        _case("bfloat16", lambda: _typed_mlp(torch.bfloat16), batchable=False),
    )
