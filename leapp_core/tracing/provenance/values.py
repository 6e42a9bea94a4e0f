"""Numbers that remember the 0-d tensor they are."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


class Traced:
    """What a number whose origin is known is extended with.

    Rewritten code unwraps it before it computes. Whatever else asks it for its value, code that is not rewritten or
    the interpreter itself, gets the plain number and is recorded as a value that leaves for Python.
    """

    plain: Any
    twin: torch.Tensor
    leave: Callable[[Traced], None]


class TracedInt(int, Traced):
    """An ``int`` that is a 0-d ``int64`` tensor."""


class TracedFloat(float, Traced):
    """A ``float`` that is a 0-d ``float64`` tensor."""


def traced(value: int | float, twin: torch.Tensor, leave: Callable[[Traced], None]) -> TracedInt | TracedFloat:
    """Return ``value`` with its twin."""
    made: Any = TracedFloat(value) if isinstance(value, float) else TracedInt(value)
    made.plain, made.twin, made.leave = value, twin, leave
    return made  # type: ignore[no-any-return]


def _leaving(name: str, kind: type) -> Callable[..., Any]:
    native = getattr(kind, name)

    def call(self: Any, *others: Any) -> Any:
        self.leave(self)
        return native(self.plain, *[o.plain if isinstance(o, Traced) else o for o in others])

    call.__name__ = name
    return call


_ASKED = (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "divmod", "pow", "radd", "rsub", "rmul", "rtruediv", "rfloordiv",
    "rmod", "rdivmod", "rpow", "lshift", "rshift", "and", "or", "xor", "rlshift", "rrshift", "rand", "ror", "rxor",
    "neg", "pos", "abs", "invert", "lt", "le", "gt", "ge", "eq", "ne", "bool", "int", "float", "index", "round",
    "trunc", "floor", "ceil", "str", "repr", "format", "hash", "reduce_ex", "complex",
)  # fmt: skip
for _kind, _base in ((TracedInt, int), (TracedFloat, float)):
    for _name in _ASKED:
        if hasattr(_base, f"__{_name}__"):
            setattr(_kind, f"__{_name}__", _leaving(f"__{_name}__", _base))

BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add, "Sub": operator.sub, "Mult": operator.mul, "Div": operator.truediv,
    "FloorDiv": operator.floordiv, "Mod": operator.mod, "Pow": operator.pow, "LShift": operator.lshift,
    "RShift": operator.rshift, "BitOr": operator.or_, "BitXor": operator.xor, "BitAnd": operator.and_,
    "MatMult": operator.matmul,
}  # fmt: skip
IN_PLACE: dict[str, Callable[[Any, Any], Any]] = {
    "Add": operator.iadd, "Sub": operator.isub, "Mult": operator.imul, "Div": operator.itruediv,
    "FloorDiv": operator.ifloordiv, "Mod": operator.imod, "Pow": operator.ipow, "LShift": operator.ilshift,
    "RShift": operator.irshift, "BitOr": operator.ior, "BitXor": operator.ixor, "BitAnd": operator.iand,
    "MatMult": operator.imatmul,
}  # fmt: skip
UNARY: dict[str, Callable[[Any], Any]] = {"USub": operator.neg, "UAdd": operator.pos, "Invert": operator.invert}
