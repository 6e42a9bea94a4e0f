"""A functional program as TorchScript source: one function, one line per call.

TorchScript finds an overload by the types of the arguments, so calls name the overload packet
(``torch.ops.aten.add``) and never an overload (``torch.ops.aten.add.Tensor``), which its compiler rejects.
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any

from leapp_backends.common.failures import unsupported
from leapp_backends.torchscript.names import script_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch.fx import GraphModule, Node

_INFIX = {"add": "+", "sub": "-", "mul": "*", "floordiv": "//", "mod": "%"}
"""Python operators on sizes, as the graph of a program with a symbolic size has them."""


def write_source(module: GraphModule, weights: Sequence[str], name: str = "forward") -> str:
    """Return the source of a function of the program's inputs, then its weights, returning a tuple of tensors.

    Args:
        module: The program with its weights as attributes.
        weights: Attribute names in the order in which they are passed.
        name: Function name.

    Raises:
        ExportError: a call cannot be written as TorchScript.
    """
    nodes = list(module.graph.nodes)
    names = script_names([*(node.name for node in nodes), *(f"weight {weight}" for weight in weights)])
    inputs = [names[node.name] for node in nodes if node.op == "placeholder"]
    passed = {weight: names[f"weight {weight}"] for weight in weights}
    body: list[str] = []
    for node in nodes:
        if node.op == "get_attr":
            body.append(f"{names[node.name]} = {passed[str(node.target)]}")
        elif node.op == "call_function":
            body.append(f"{names[node.name]} = {_call(node, names)}")
    results = [names[result.name] for result in nodes[-1].args[0]]
    arguments = ", ".join(f"{argument}: Tensor" for argument in (*inputs, *passed.values()))
    returned = ", ".join("Tensor" for _ in results)
    body.append(f"return ({', '.join(results)},)")
    lines = "\n".join(f"    {line}" for line in body)
    return f"def {name}({arguments}) -> Tuple[{returned}]:\n{lines}\n"


def _call(node: Node, names: Mapping[str, str]) -> str:
    target: Any = node.target
    if target is operator.getitem:
        source, index = node.args
        return f"{_value(node, source, '', names)}[{index}]"
    if getattr(target, "__module__", "") in {"_operator", "operator"}:
        return _infix(node, names)
    schema = getattr(target, "_schema", None)
    if schema is None:
        raise unsupported("TorchScript", node, "it is no operator but Python code")
    if str(target) == "aten.sym_size.int":
        return f"torch.ops.aten.size({_value(node, node.args[0], '', names)}, {node.args[1]})"
    positional = [
        _value(node, value, str(argument.type), names)
        for value, argument in zip(node.args, schema.arguments, strict=False)
    ]
    types = {argument.name: str(argument.type) for argument in schema.arguments}
    named = [f"{key}={_value(node, value, types[key], names)}" for key, value in node.kwargs.items()]
    packet = target.overloadpacket
    return f"torch.ops.{target.namespace}.{packet.__name__}({', '.join((*positional, *named))})"


def _infix(node: Node, names: Mapping[str, str]) -> str:
    symbol = _INFIX.get(getattr(node.target, "__name__", ""))
    if symbol is None or len(node.args) != 2:
        raise unsupported("TorchScript", node, "this arithmetic on sizes is not supported")
    left, right = (_value(node, argument, "int", names) for argument in node.args)
    return f"({left} {symbol} {right})"


def _value(node: Node, value: Any, kind: str, names: Mapping[str, str]) -> str:
    import torch
    from torch.fx import Node as FxNode

    if isinstance(value, FxNode):
        return names[value.name]
    if isinstance(value, (list, tuple)):
        return _list(node, value, kind, names)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, torch.device):
        return f'torch.device("{value}")'
    if value is None or isinstance(value, (bool, int, str, torch.dtype, torch.layout, torch.memory_format)):
        return repr(value)
    raise unsupported("TorchScript", node, f"argument {value!r} of type {type(value).__name__} has no literal there")


def _list(node: Node, values: Sequence[Any], kind: str, names: Mapping[str, str]) -> str:
    element = kind.removeprefix("Optional[").removeprefix("List[").rstrip("]") if "List[" in kind else ""
    written = f"[{', '.join(_value(node, item, element, names) for item in values)}]"
    if "List[Optional[Tensor" in kind:
        return f"torch.jit.annotate(List[Optional[Tensor]], {written})"
    if not values and element:
        return f"torch.jit.annotate(List[{_TYPES.get(element, element)}], [])"
    return written


_TYPES = {"SymInt": "int", "number": "float"}


def _float(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return f'float("{value}")'
