"""Arrays and scalars that tell what NumPy does to them while a session is open."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

    from leapp_core.tracing.numpy_calls.recorder import NumpyRecorder

Array = np.ndarray[Any, Any]


class Carrier(np.ndarray[Any, Any]):
    """What ``tensor.numpy()`` returns in a session: an ``ndarray`` over the same memory that reports its calls.

    Values, dtypes and aliasing are NumPy's own; after the session it is an array like any other.
    """

    _numpy: NumpyRecorder | None

    def __array_finalize__(self, source: Any) -> None:
        self._numpy = getattr(source, "_numpy", None)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return _recorder_of((*inputs, *kwargs.get("out", ()))).ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _recorder_of((self,)).function(func, args, kwargs)

    def __getitem__(self, key: Any) -> Any:
        return _recorder_of((self,)).get_item(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        _recorder_of((self,)).set_item(self, key, value)

    def __iter__(self) -> Iterator[Any]:
        return iter([self[i] for i in range(len(self))])

    def __bool__(self) -> bool:
        _recorder_of((self,)).leaves(self, "__bool__")
        return bool(plain(self))

    def __float__(self) -> float:
        _recorder_of((self,)).leaves(self, "item")
        return float(plain(self))

    def __int__(self) -> int:
        _recorder_of((self,)).leaves(self, "item")
        return int(plain(self))

    def __index__(self) -> int:
        _recorder_of((self,)).leaves(self, "item")
        return operator.index(plain(self))

    def item(self, *args: Any) -> Any:
        """As ``ndarray.item``; the value leaves for Python."""
        _recorder_of((self,)).leaves(self, "tolist")
        return plain(self).item(*args)

    def tolist(self) -> Any:
        """As ``ndarray.tolist``; the values leave for Python."""
        _recorder_of((self,)).leaves(self, "tolist")
        return plain(self).tolist()

    def __repr__(self) -> str:
        return repr(plain(self))

    def __str__(self) -> str:
        return str(plain(self))

    def __format__(self, spec: str) -> str:
        return format(plain(self), spec)

    def __reduce__(self) -> Any:
        return plain(self).__reduce__()


class CarriedBool(Carrier):
    """A 0-d array in place of a NumPy bool, whose type nothing can extend."""


class CarriedScalar:
    """What NumPy's scalar types are extended with: a number that remembers the 0-d tensor it is."""

    _numpy: NumpyRecorder | None
    _plain: np.generic
    _value: torch.Tensor

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return _recorder_of((self, *inputs)).ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _recorder_of((self,)).function(func, args, kwargs)

    def __bool__(self) -> bool:
        _recorder_of((self,)).leaves(self, "__bool__")
        return bool(plain(self))

    def __float__(self) -> float:
        _recorder_of((self,)).leaves(self, "item")
        return float(plain(self))

    def __int__(self) -> int:
        _recorder_of((self,)).leaves(self, "item")
        return int(plain(self))

    def __index__(self) -> int:
        _recorder_of((self,)).leaves(self, "item")
        return operator.index(plain(self))

    def __round__(self, digits: int | None = None) -> Any:
        _recorder_of((self,)).leaves(self, "item")
        return round(plain(self), digits)

    def item(self, *args: Any) -> Any:
        """As the scalar's ``item``; the value leaves for Python."""
        _recorder_of((self,)).leaves(self, "item")
        return plain(self).item(*args)

    def tolist(self) -> Any:
        """As the scalar's ``tolist``; the value leaves for Python."""
        return self.item()

    def __getitem__(self, key: Any) -> Any:
        return _recorder_of((self,)).method("__getitem__", self, (key,), {})

    def __hash__(self) -> int:
        return hash(plain(self))

    def __repr__(self) -> str:
        return repr(plain(self))

    def __str__(self) -> str:
        return str(plain(self))

    def __format__(self, spec: str) -> str:
        return format(plain(self), spec)

    def __reduce__(self) -> Any:
        return plain(self).__reduce__()


def plain(value: Any) -> Any:
    """Return the array (a view) or scalar that NumPy itself would have given; other values as they are."""
    if isinstance(value, Carrier):
        array = value.view(np.ndarray)
        return array[()] if isinstance(value, CarriedBool) else array
    if isinstance(value, CarriedScalar):
        return value._plain
    return value


def plain_all(value: Any) -> Any:
    """Return NumPy's own arrays and scalars for carried ones, inside lists, tuples and deques too."""
    if type(value) in (list, tuple):
        return type(value)(plain_all(v) for v in value)
    if isinstance(value, deque):  # NumPy reads it as a list, and would find carried arrays in it
        return [plain_all(v) for v in value]
    return plain(value)


def wrap_scalar(value: np.generic, tensor: torch.Tensor, recorder: NumpyRecorder) -> Any:
    """Return a scalar that carries a tensor; ``None`` if its type cannot be extended."""
    kind = _SCALARS.get(type(value))
    if kind is None:
        return None
    carried = kind(value)
    carried._numpy, carried._plain, carried._value = recorder, value, tensor
    return carried


def _recorder_of(values: tuple[Any, ...]) -> NumpyRecorder:
    for value in values:
        found = getattr(value, "_numpy", None)
        if found is not None:
            return found  # type: ignore[no-any-return]
    from leapp_core.tracing.numpy_calls.recorder import NumpyRecorder

    return NumpyRecorder(None)  # an array that has lost its session (unpickled by hand, made by another library)


def _method(name: str) -> Callable[..., Any]:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return _recorder_of((self,)).method(name, self, args, kwargs)

    call.__name__ = name
    call.__doc__ = f"As ``ndarray.{name}``."
    return call


def _operator(name: str, ufunc: np.ufunc) -> Callable[..., Any]:
    compute = getattr(operator, name)

    def call(self: Any, *others: Any) -> Any:
        return _recorder_of((self,)).operator(compute, ufunc, (self, *others))

    return call


def _reflected(name: str, ufunc: np.ufunc) -> Callable[..., Any]:
    compute = getattr(operator, name)

    def call(self: Any, other: Any) -> Any:
        return _recorder_of((self,)).operator(compute, ufunc, (other, self))

    return call


METHODS = (
    "all", "any", "argmax", "argmin", "argsort", "astype", "clip", "copy", "cumprod", "cumsum", "diagonal", "dot",
    "fill", "flatten", "max", "mean", "min", "nonzero", "partition", "prod", "ptp", "put", "ravel", "repeat", "reshape",
    "round", "searchsorted", "sort", "std", "sum", "take", "trace", "var", "compress", "choose", "conj", "__copy__",
    "__deepcopy__", "itemset",
)  # fmt: skip
SCALAR_METHODS = (
    "astype",
    "clip",
    "copy",
    "flatten",
    "max",
    "mean",
    "min",
    "ravel",
    "repeat",
    "reshape",
    "round",
    "sum",
)
_BINARY: dict[str, np.ufunc] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide, "floordiv": np.floor_divide,
    "mod": np.remainder, "pow": np.power,
}  # fmt: skip
_COMPARE: dict[str, np.ufunc] = {
    "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal, "eq": np.equal, "ne": np.not_equal,
}  # fmt: skip
_UNARY: dict[str, np.ufunc] = {"neg": np.negative, "pos": np.positive, "abs": np.absolute}

for _name in METHODS:
    if hasattr(np.ndarray, _name):
        setattr(Carrier, _name, _method(_name))
for _name in SCALAR_METHODS:
    setattr(CarriedScalar, _name, _method(_name))
for _name, _twin in _BINARY.items():
    setattr(CarriedScalar, f"__{_name}__", _operator(_name, _twin))
    setattr(CarriedScalar, f"__r{_name}__", _reflected(_name, _twin))
for _name, _twin in {**_COMPARE, **_UNARY}.items():
    setattr(CarriedScalar, f"__{_name}__", _operator(_name, _twin))
# NumPy takes a scalar for what it is by its first base, and only there: the methods are put into each type itself.
_SCALAR_METHODS = {k: v for k, v in vars(CarriedScalar).items() if k not in ("__dict__", "__weakref__", "__doc__")}
_SCALARS: dict[type, Any] = {
    kind: type(f"Carried_{kind.__name__}", (kind, CarriedScalar), dict(_SCALAR_METHODS))
    for kind in (np.float16, np.float32, np.float64, np.int8, np.int16, np.int32, np.int64, np.uint8)
}
