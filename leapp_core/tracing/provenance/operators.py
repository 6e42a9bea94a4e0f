"""Python's operators by number, which rewritten code names them by."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

_BINARY = {
    "Add": (operator.add, operator.iadd), "Sub": (operator.sub, operator.isub), "Mult": (operator.mul, operator.imul),
    "Div": (operator.truediv, operator.itruediv), "FloorDiv": (operator.floordiv, operator.ifloordiv),
    "Mod": (operator.mod, operator.imod), "Pow": (operator.pow, operator.ipow),
    "LShift": (operator.lshift, operator.ilshift), "RShift": (operator.rshift, operator.irshift),
    "BitOr": (operator.or_, operator.ior), "BitXor": (operator.xor, operator.ixor),
    "BitAnd": (operator.and_, operator.iand), "MatMult": (operator.matmul, operator.imatmul),
}  # fmt: skip
_UNARY: dict[str, Callable[[Any], Any]] = {
    "USub": operator.neg, "UAdd": operator.pos, "Invert": operator.invert, "Not": operator.not_,
}  # fmt: skip
_COMPARE = {
    "Lt": operator.lt, "LtE": operator.le, "Gt": operator.gt, "GtE": operator.ge, "Eq": operator.eq,
    "NotEq": operator.ne,
}  # fmt: skip

BINARY_NAMES = tuple(_BINARY)
BINARY_CODES = {name: code for code, name in enumerate(BINARY_NAMES)}
BINARY: tuple[Callable[[Any, Any], Any], ...] = tuple(plain for plain, _ in _BINARY.values())
IN_PLACE: tuple[Callable[[Any, Any], Any], ...] = tuple(changing for _, changing in _BINARY.values())
UNARY_NAMES = tuple(_UNARY)
UNARY_CODES = {name: code for code, name in enumerate(UNARY_NAMES)}
UNARY: tuple[Callable[[Any], Any], ...] = tuple(_UNARY.values())
COMPARE_NAMES = tuple(_COMPARE)
COMPARE_CODES = {name: code for code, name in enumerate(_COMPARE)}
COMPARE: tuple[Callable[[Any, Any], Any], ...] = tuple(_COMPARE.values())
