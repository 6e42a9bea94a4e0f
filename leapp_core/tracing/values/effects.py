"""What running a piece of the user's source changes: names, attributes, what containers and modules hold."""

from __future__ import annotations

import ast

from leapp_core.tracing.source.book import called_name, root_name
from leapp_core.tracing.source.statements import KEEPING_NAMES, assignments

# Methods of containers and modules that change what they are called on. PyTorch's end with an underscore.
_CHANGING = KEEPING_NAMES | {
    "clear", "pop", "popleft", "popitem", "remove", "reverse", "rotate", "sort", "discard", "put", "set", "train",
    "eval", "load_state_dict", "reset_parameters", "register_buffer", "register_parameter", "add_module",
    "register_forward_hook", "register_forward_pre_hook",
}  # fmt: skip

FILLING = frozenset({"heappush", "heapreplace", "heappushpop", "insort", "insort_left", "insort_right"})
"""Functions that put a value into the container given first."""

_LIBRARIES = frozenset({"torch", "np", "numpy"})


def sets_library(call: ast.Call) -> bool:
    """Return whether a call changes how PyTorch or NumPy compute from then on: ``torch.set_default_dtype``."""
    name = called_name(call)
    setting = name.startswith("set_") or name in ("manual_seed", "seed", "seterr", "use_deterministic_algorithms")
    return setting and root_name(call.func) in _LIBRARIES


def changed_by(node: ast.AST) -> list[ast.expr]:
    """Return what one node of a tree assigns, deletes or changes, without what lies in it."""
    if isinstance(node, ast.Delete):
        return list(node.targets)
    if isinstance(node, ast.NamedExpr):
        return [node.target]
    if isinstance(node, ast.Call):
        return _by_call(node)
    return [_attribute_of(target) for target, _ in assignments(node)]


def _by_call(call: ast.Call) -> list[ast.expr]:
    name = called_name(call)
    if name in ("setattr", "delattr", "__setattr__", "__delattr__") and len(call.args) > 1:
        return [_named(call.args[0], call.args[1])]
    if name in FILLING:
        return call.args[:1]
    if not isinstance(call.func, ast.Attribute):
        return []
    holder = _whose_attributes(call.func.value)
    if holder is not None and name == "update":
        given = [k.value for a in call.args if isinstance(a, ast.Dict) for k in a.keys if isinstance(k, ast.Constant)]
        return [ast.Attribute(holder, str(key), ast.Store()) for key in (*given, *(k.arg for k in call.keywords))]
    in_place = name.endswith("_") and not name.endswith("__")
    return [call.func.value] if in_place or name in _CHANGING else []


def _attribute_of(target: ast.expr) -> ast.expr:
    """Return ``a.b`` for ``a.__dict__["b"]`` and ``vars(a)["b"]``."""
    holder = _whose_attributes(target.value) if isinstance(target, ast.Subscript) else None
    return target if holder is None or not isinstance(target, ast.Subscript) else _named(holder, target.slice)


def _whose_attributes(node: ast.expr) -> ast.expr | None:
    if isinstance(node, ast.Attribute) and node.attr == "__dict__":
        return node.value
    return node.args[0] if isinstance(node, ast.Call) and called_name(node) == "vars" and node.args else None


def _named(holder: ast.expr, name: ast.expr) -> ast.expr:
    return ast.Attribute(holder, str(name.value), ast.Store()) if isinstance(name, ast.Constant) else holder
