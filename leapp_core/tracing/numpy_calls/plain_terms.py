"""What arrays that no tensor gave compute among themselves: NumPy tells nobody of ``high - low``, the source does."""

from __future__ import annotations

import ast
import functools
import operator
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from types import FrameType, ModuleType
from typing import Any

import numpy as np

from leapp_core.tracing.numpy_calls.functions import MUTATORS, for_function
from leapp_core.tracing.objects.carried import Array, Carrier
from leapp_core.tracing.objects.children import locals_of
from leapp_core.tracing.source.book import SourceFile, SourceFiles
from leapp_core.tracing.source.callsite import is_library, line_of
from leapp_core.tracing.source.static import dict_of, module_dict

_OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.USub: operator.neg, ast.UAdd: operator.pos,
}  # fmt: skip
_METHODS = frozenset(
    {
        "astype", "copy", "reshape", "ravel", "flatten", "sum", "mean", "std", "var", "min", "max", "prod", "cumsum",
        "transpose", "squeeze", "clip", "dot", "take", "repeat", "argmin", "argmax", "round",
    }
)  # fmt: skip
_OF_UFUNCS = ("reduce", "accumulate")
_MODULES = (np, np.linalg, np.fft)
_WITHOUT_VALUES = MUTATORS | {"empty", "empty_like"}
_TERMS = (ast.BinOp, ast.UnaryOp, ast.Call, ast.Subscript)
_CLEAR = (np.ndarray, np.generic, bool, int, float)


class PlainTerms:
    """Finds how the user's code made an array, and makes it again from arrays that are followed.

    ``high - low`` of two arrays that the user keeps is another array in each step, of which nobody hears until a call
    reads it. That call's source says how it was made; if the same arithmetic gives the same values, it was made so.
    """

    def __init__(self) -> None:
        self._files = SourceFiles()

    def again(self, array: Array, frame: FrameType | None, carry: Callable[[Array], Carrier]) -> Array | None:
        """Return an array of the same values computed from carried arrays; ``None`` if the source does not tell how.

        Args:
            array: What a call reads.
            frame: A frame of that call.
            carry: Makes an array one whose calls are recorded.
        """
        while frame is not None and is_library(frame.f_code.co_filename):
            frame = frame.f_back
        if frame is None:
            return None
        names = ChainMap(locals_of(frame), frame.f_globals)
        with np.errstate(all="ignore"):
            for term in self._terms(frame):
                try:
                    if _is_same(_value(term, names, lambda leaf: leaf), array):
                        return np.ndarray.view(_value(term, names, carry), np.ndarray)
                except _Unclear:
                    continue
        return None

    def _terms(self, frame: FrameType) -> Iterator[ast.expr]:
        """Yield the arithmetic that a call's operands are written as, there or where a name of theirs is assigned."""
        line = line_of(frame.f_code, frame.f_lasti)
        file = self._files.file(frame.f_code.co_filename)
        for call in file.expressions(frame.f_code, frame.f_lasti, line)[:1]:
            is_target = isinstance(call, ast.Subscript) and isinstance(call.ctx, ast.Store)
            for node in ast.walk(file.parents[call] if is_target else call):  # the statement has what is written there
                if isinstance(node, _TERMS) and node is not call:
                    yield node
                elif isinstance(node, ast.Name):
                    yield from _assigned(file, node)


class _Unclear(Exception):  # noqa: N818 - it is caught where it is raised for, and never seen
    """An expression may do more than arithmetic."""


def _assigned(file: SourceFile, name: ast.Name) -> list[ast.expr]:
    """Return the arithmetic that a local name is assigned, if that is all that ever happens to it."""
    within = file.function_of(name)
    everywhere = ast.walk(within) if within is not None else ()
    parents = [(n, file.parents[n]) for n in everywhere if isinstance(n, ast.Name) and n.id == name.id]
    assigning = [p for n, p in parents if isinstance(n.ctx, ast.Store)]
    if len(assigning) != 1 or not isinstance(assigning[0], ast.Assign) or not isinstance(assigning[0].value, _TERMS):
        return []
    # Whoever else is handed the array may write into it: a method, a subscript, ``np.add(a, b, out=name)``.
    read = all(isinstance(p, (ast.BinOp, ast.UnaryOp, ast.Compare)) for n, p in parents if isinstance(n.ctx, ast.Load))
    return [assigning[0].value] if read else []


def _is_same(made: Any, array: Array) -> bool:
    return bool(type(made) is np.ndarray and made.dtype == array.dtype and np.array_equal(made, array))


def _value(node: ast.expr, names: Mapping[str, Any], leaf: Callable[[Array], Any]) -> Any:
    """Evaluate arithmetic on arrays and numbers; nothing of the user's is called."""
    operation = _OPERATORS.get(type(getattr(node, "op", None)))
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return node.value
    if operation is not None and isinstance(node, ast.BinOp):
        return _computed(operation, _value(node.left, names, leaf), _value(node.right, names, leaf))
    if operation is not None and isinstance(node, ast.UnaryOp):
        return _computed(operation, _value(node.operand, names, leaf))
    if isinstance(node, ast.Call):
        return _called(node, names, leaf)
    if isinstance(node, ast.Subscript):
        return _computed(operator.getitem, _value(node.value, names, leaf), _key(node.slice, names, leaf))
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_value(part, names, leaf) for part in node.elts]
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return _computed(np.transpose, _value(node.value, names, leaf))
    found = _held(node, names)
    if type(found) is np.ndarray:
        return leaf(found)
    if isinstance(found, _CLEAR) and not isinstance(found, Carrier):
        return found
    raise _Unclear


def _called(call: ast.Call, names: Mapping[str, Any], leaf: Callable[[Array], Any]) -> Any:
    if not isinstance(call.func, ast.Attribute):
        raise _Unclear
    options = {str(k.arg): _option(k.value, names) for k in call.keywords}
    if options.keys() & {"out", "None"}:  # where it writes; ``**options``
        raise _Unclear
    function = _function(call.func, names)
    if function is not None:
        if isinstance(function, np.ufunc) and len(call.args) != function.nin:  # one more is where it writes
            raise _Unclear
        return _computed(functools.partial(function, **options), *(_value(a, names, leaf) for a in call.args))
    name = call.func.attr
    if name not in _METHODS:
        raise _Unclear
    given = [_type(a, names) if name == "astype" else _option(a, names) for a in call.args]
    return _computed(operator.methodcaller(name, *given, **options), _value(call.func.value, names, leaf))


def _function(node: ast.Attribute, names: Mapping[str, Any]) -> Callable[..., Any] | None:
    """Return the function of NumPy that an expression names, if all it does is known; ``None`` for methods."""
    try:
        owner = _held(node.value, names)
    except _Unclear:
        owner = None
        if isinstance(node.value, ast.Attribute) and node.attr in _OF_UFUNCS:  # ``np.minimum.reduce``
            owner = _function(node.value, names)
    if isinstance(owner, np.ufunc) and node.attr in _OF_UFUNCS:
        return getattr(owner, node.attr)  # type: ignore[no-any-return]
    if not any(owner is module for module in _MODULES):
        return None
    function = vars(owner).get(node.attr)
    if isinstance(function, type) and issubclass(function, np.generic):  # ``np.float32(gains)``
        return operator.methodcaller("astype", function)
    if node.attr in _WITHOUT_VALUES or not (isinstance(function, np.ufunc) or for_function(function) is not None):
        raise _Unclear
    return function  # type: ignore[no-any-return]


def _option(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """Return an axis, a shape or an element type."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        return _type(node, names)


def _type(node: ast.expr, names: Mapping[str, Any]) -> type:
    if isinstance(node, ast.Attribute) and _held(node.value, names) is np:
        kind = vars(np).get(node.attr)
        if isinstance(kind, type) and issubclass(kind, np.generic):
            return kind
    raise _Unclear


def _key(node: ast.expr, names: Mapping[str, Any], leaf: Callable[[Array], Any]) -> Any:
    """Return an index: numbers, slices, ``...``, ``None``, or an array that the user keeps."""
    if isinstance(node, ast.Slice):
        parts = (node.lower, node.upper, node.step)
        return slice(*(None if part is None else _option(part, names) for part in parts))
    if isinstance(node, ast.Tuple):
        return tuple(_key(part, names, leaf) for part in node.elts)
    try:
        return ast.literal_eval(node)
    except ValueError:
        return _value(node, names, leaf)


def _held(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """Return what a name or attribute holds, without running code of the user."""
    if isinstance(node, ast.Name) and node.id in names:
        return names[node.id]
    if not isinstance(node, ast.Attribute):
        raise _Unclear
    owner = _held(node.value, names)
    own = module_dict(owner) if type(owner) is ModuleType else dict_of(owner)
    if node.attr in own:
        return own[node.attr]
    found = next((vars(base)[node.attr] for base in type(owner).__mro__ if node.attr in vars(base)), None)
    if isinstance(found, _CLEAR):
        return found
    raise _Unclear


def _computed(operation: Callable[..., Any], *operands: Any) -> Any:
    if not any(isinstance(operand, (*_CLEAR, list)) for operand in operands):
        raise _Unclear
    try:
        return operation(*operands)
    except (TypeError, ValueError, IndexError, ArithmeticError) as unclear:
        raise _Unclear from unclear
