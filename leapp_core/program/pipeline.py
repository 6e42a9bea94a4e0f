"""Run captured programs as the pipeline they form, state carried: what every artifact is measured against."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import NodeSpec

if TYPE_CHECKING:
    import torch

    from leapp_core.tracing.result import CapturedPipeline

ULPS = 4.0
UNITS = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}

Values = dict[PortRef, "torch.Tensor"]


class ReferencePipeline:
    """The captured programs with state carried, in PyTorch.

    Attributes:
        state: What the next step reads, by input port.
        ties: Operators whose result hung on which of two equal values comes first, in runs that round in another way.
    """

    def __init__(self, captured: CapturedPipeline) -> None:
        self._spec = captured.spec
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._modules = {name: program.exported.module() for name, program in captured.programs.items()}
        self._initial = dict(captured.initial_values)
        self._forward = {edge.target: edge.source for edge in captured.spec.data_flow}
        self._noise: torch.Generator | None = None
        self.ties: dict[str, None] = {}
        self.state: Values = {}
        self.reset()

    @property
    def initial(self) -> Mapping[PortRef, torch.Tensor]:
        """First value of every port that feedback feeds."""
        return self._initial

    def reset(self, noise: torch.Generator | None = None) -> None:
        """Go back to the initial state; with ``noise``, what follows is rounded in another way."""
        self.state = {ref: value.clone() for ref, value in self._initial.items()}
        self._noise = noise

    def round_as(self, noise: torch.Generator | None) -> None:
        """Round what follows in another way, or with ``None`` as PyTorch does, keeping the state."""
        self._noise = noise

    def step(self, inputs: Mapping[PortRef, torch.Tensor]) -> tuple[Values, Values]:
        """Make one step; return the values of every node input and of every node output."""
        import torch

        from leapp_core.tracing.record.recorder import unrecorded

        fed: Values = {}
        given: Values = {}
        with unrecorded(), torch.no_grad():
            for node in self._spec.nodes:
                for port in node.inputs:
                    ref = PortRef(node.name, port.name)
                    source = self._forward.get(ref)
                    fed[ref] = given[source] if source else self.state[ref] if ref in self.state else inputs[ref]
                given.update(self._run(node, fed))
            self.state = {edge.target: given[edge.source].clone() for edge in self._spec.feedback}
        return fed, given

    def _run(self, node: NodeSpec, fed: Mapping[PortRef, torch.Tensor]) -> Values:
        arguments = [fed[PortRef(node.name, port.name)].clone() for port in node.inputs]
        module = self._modules[node.name]
        # Without the hooks of an exported module, which check on every call what a specification guarantees.
        results = (
            module.forward(*arguments)
            if self._noise is None
            else run_with_rounding(module, arguments, self._noise, self.ties)
        )
        return {PortRef(node.name, port.name): value for port, value in zip(node.outputs, results, strict=True)}


def run_with_rounding(
    module: torch.fx.GraphModule,
    inputs: Sequence[torch.Tensor],
    noise: torch.Generator,
    ties: dict[str, None] | None = None,
) -> Any:
    """Run a program with every floating result in it changed by a few units in the last place.

    Whole results, such as counts, masks and the zeros of a rectifier, stay: every implementation has them exactly.
    Which of several equal values comes first is for each implementation to choose, so an operator that orders values
    is given them a few units apart.

    Args:
        module: The program.
        inputs: Its inputs.
        noise: Where signs come from.
        ties: Told where equal values decide.
    """
    import torch

    class Rounding(torch.fx.Interpreter):
        def run_node(self, n: torch.fx.Node) -> Any:
            if n.op != "call_function":
                return super().run_node(n)
            if getattr(n.target, "_opname", "") in ORDERING:
                return self._ordered(n)
            return _changed(super().run_node(n), noise)

        def _ordered(self, n: torch.fx.Node) -> Any:
            args, kwargs = self.fetch_args_kwargs_from_env(n)
            values, plain = args[0], super().run_node(n)
            if not values.is_floating_point():
                return plain
            size = values.abs().amax().clamp_min(1e-3) if values.numel() else 1.0
            sign = 1.0 - 2.0 * torch.rand(values.shape, generator=noise, dtype=torch.float64).to(values.dtype)
            order: Any = n.target
            apart = order(values + ULPS * UNITS[_name(values)] * size * sign, *args[1:], **kwargs)
            if ties is not None and _other_index(plain, apart):
                ties[n.name] = None
            return apart

    return Rounding(module).run(*inputs)


ORDERING = frozenset(
    {"topk", "sort", "argsort", "argmax", "argmin", "msort", "kthvalue", "mode", "median", "max", "min"}
)
"""Operators whose result hangs on which of two equal values comes first."""


def _other_index(one: Any, other: Any) -> bool:
    import torch

    pairs = zip(one, other, strict=True) if isinstance(one, (tuple, list)) else [(one, other)]
    return any(not a.is_floating_point() and not torch.equal(a, b) for a, b in pairs)


def _name(value: torch.Tensor) -> str:
    return str(value.dtype).removeprefix("torch.")


def _changed(result: Any, noise: torch.Generator) -> Any:
    import torch

    if isinstance(result, (tuple, list)):
        return type(result)(_changed(item, noise) for item in result)
    if not isinstance(result, torch.Tensor) or not result.is_floating_point():
        return result
    unit = ULPS * UNITS[_name(result)]
    sign = 1.0 - 2.0 * torch.randint(0, 2, result.shape, generator=noise).to(result.dtype)
    return torch.where(result == result.round(), result, result * (1.0 + unit * sign))
