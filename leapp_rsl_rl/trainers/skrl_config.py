"""What a skrl configuration may say. skrl turns its expressions into Python and runs them; here they are read first."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from leapp_core.errors import CheckpointError

_CALLS = frozenset(
    {"concatenate", "permute", "one_hot_encoding", "elu", "leaky_relu", "relu", "selu", "sigmoid", "softmax"}
    | {"softplus", "softsign", "tanh"}
)
_NODES = (
    *(ast.Expression, ast.Name, ast.Load, ast.Constant, ast.Subscript, ast.Slice, ast.Tuple, ast.List, ast.Call),
    *(ast.BinOp, ast.UnaryOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.USub, ast.UAdd),
)
_LAYERS = ("linear", "conv2d", "flatten")
_PLAIN = (int, float, bool, type(None))


def check_model(model: Mapping[str, Any], where: str) -> None:
    """Refuse a model description that says more than which layers there are and what they read.

    Raises:
        CheckpointError: a name, an expression or a layer is not of the kind that skrl's documentation shows.
    """
    network = model.get("network", [])
    if not isinstance(network, list) or not all(isinstance(item, Mapping) for item in network):
        raise _refused("network", network, where)
    for item in network:
        if not str(item.get("name", "")).isidentifier():
            raise _refused("network.name", item.get("name"), where)
        _check_expression(item.get("input", ""), "network.input", where)
        for layer in item.get("layers", []):
            _check_layer(layer, where)
        activations = item.get("activations", [])
        for activation in [activations] if isinstance(activations, str) else activations:
            if activation and not str(activation).isidentifier():
                raise _refused("network.activations", activation, where)
    _check_expression(model.get("output", ""), "output", where)
    for key, value in model.items():
        reduction = key == "reduction" and value in ("mean", "sum", "prod", "none")
        if key not in ("network", "output", "class") and not reduction and not isinstance(value, _PLAIN):
            raise _refused(key, value, where)


def _check_expression(text: Any, key: str, where: str) -> None:
    """Allow names, indices, numbers, sums and the few functions skrl knows; no attribute, no other call."""
    try:
        tree = ast.parse(text, mode="eval") if isinstance(text, str) and "__" not in text else None
    except SyntaxError:
        tree = None
    nodes = [] if tree is None else list(ast.walk(tree))
    calls = [node.func for node in nodes if isinstance(node, ast.Call)]
    known = all(isinstance(call, ast.Name) and call.id in _CALLS | {"ACTIONS"} for call in calls)
    if not nodes or not known or not all(isinstance(node, (*_NODES, ast.keyword)) for node in nodes):
        raise _refused(key, text, where)


def _check_layer(layer: Any, where: str) -> None:
    if isinstance(layer, _PLAIN) or layer == "flatten":
        return
    if isinstance(layer, Mapping) and len(layer) == 1 and str(next(iter(layer))).lower() in _LAYERS:
        (given,) = layer.values()
        values = list(given.values()) if isinstance(given, Mapping) else given if isinstance(given, list) else [given]
        names = list(given) if isinstance(given, Mapping) else []
        if all(map(_is_size, values)) and all(str(name).isidentifier() for name in names):
            return
    raise _refused("network.layers", layer, where)


def _is_size(value: Any) -> bool:
    """Return whether a value is a number, a word (``same``, ``ACTIONS``) or a list of numbers."""
    if isinstance(value, (list, tuple)):
        return all(isinstance(item, _PLAIN) for item in value)
    return isinstance(value, _PLAIN) or (isinstance(value, str) and value.isidentifier())


def _refused(key: str, value: Any, where: str) -> CheckpointError:
    return CheckpointError(
        f"the agent configuration's {key} is {str(value)[:80]!r}, which skrl would run as Python",
        where=where,
        expected="a network as skrl's documentation of model instantiators describes it",
        code="K003",
    )
