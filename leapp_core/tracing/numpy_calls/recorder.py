"""Records what NumPy does to tensors' values: NumPy computes for the user, PyTorch's twin explains it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from leapp_core.tracing.numpy_calls.functions import MUTATORS, Equivalent, for_function, for_method, for_ufunc
from leapp_core.tracing.numpy_calls.makers import as_one_tensor
from leapp_core.tracing.numpy_calls.memory import NumpyMemory, torch_dtype
from leapp_core.tracing.numpy_calls.operands import Operands, is_basic, plain_key, wrapped
from leapp_core.tracing.objects.carried import Array, CarriedBool, CarriedScalar, Carrier, plain, plain_all, wrap_scalar
from leapp_core.tracing.record.recorder import TraceRecorder, unrecorded

# What PyTorch raises when a twin does not know an argument; NumPy itself then decides what the user gets.
_UNKNOWN = (TypeError, ValueError, RuntimeError, IndexError, AttributeError, KeyError, NotImplementedError)
Call = Callable[[], Any]
_WRITTEN_OUT = 4096  # elements: what people write, not what they load
_WRITING_METHODS = frozenset({"fill", "itemset", "partition", "put", "sort"})


class NumpyRecorder:
    """Carries tensors through NumPy in one session.

    Every result is computed by NumPy. Before that, the same call is made in PyTorch on tensors over the operands'
    memory and so recorded; the record then says that NumPy's result holds what PyTorch computed. Replay of the
    captured steps proves it. What has no twin leaves memory that nothing explains, and is refused where it matters.

    Args:
        recorder: The record; ``None`` for arrays that have no session any more.

    Attributes:
        used: An array was carried.
    """

    def __init__(self, recorder: TraceRecorder | None) -> None:
        self.used = False
        self._attach(recorder)

    def _attach(self, recorder: TraceRecorder | None) -> None:
        if recorder is None:
            recorder = TraceRecorder(0)
            recorder.idle = True
        self._recorder = recorder
        self._memory = NumpyMemory(recorder)
        self._operands = Operands(recorder, self._memory, self._carrier)

    def close(self) -> None:
        """End of the session: arrays that are still held behave like any other from now on."""
        self._attach(None)

    def carry(self, tensor: torch.Tensor, array: Any) -> Any:
        """Return what ``tensor.numpy()`` gives the user."""
        memory = self._active()
        if memory is None or not isinstance(array, np.ndarray) or torch_dtype(array.dtype) is None:
            return array
        memory.share(tensor)
        return self._carrier(array) if memory.knows(array) else array

    def keep(self, array: Array) -> Carrier:
        """Return a carrier for an array that the program made before the session and writes by index."""
        return self._carrier(array)

    def declared(self, value: Any) -> Any:
        """Return the carrier of an array or scalar that is declared as an input; others as they are.

        A scalar, an array that may not be written, or one that runs backwards in memory, is copied first.
        """
        memory = self._active()
        if memory is None or torch_dtype(value.dtype) is None:
            return value
        scalar = isinstance(value, np.generic)
        if scalar or not value.flags.writeable or any(s < 0 for s in value.strides):
            value = np.array(value, copy=True, subok=False)
        if not scalar:
            return self._carrier(value)
        tensor = self._operands.read(value)
        return wrap_scalar(value[()], tensor, self) or self._carrier(value).view(CarriedBool)

    def tensor_of(self, value: Any) -> torch.Tensor | None:
        """Return the tensor of an array or scalar that is declared; ``None`` if PyTorch has no such dtype."""
        if not isinstance(value, (np.ndarray, np.generic)) or torch_dtype(value.dtype) is None:
            return None
        if self._active() is None:
            with unrecorded():
                array = np.asarray(plain(value))
                usable = array.flags.writeable and all(s >= 0 for s in array.strides)
                return torch.from_numpy(array if usable else array.copy())
        if isinstance(value, CarriedScalar):
            return value._value
        return self._operands.read(value.view(np.ndarray) if isinstance(value, Carrier) else np.asarray(value))

    def tensors(self, values: Sequence[Any]) -> list[Any]:
        """Return the tensors of arrays and scalars if any of them is carried; else the values as they are."""
        if not any(isinstance(v, (Carrier, CarriedScalar)) for v in values):
            return list(values)
        return [self._operands.operand(v) if isinstance(v, (np.ndarray, np.generic)) else v for v in values]

    def shares(self, array: Any, tensor: torch.Tensor) -> bool:
        """Return whether a tensor lies in an array's memory."""
        return isinstance(array, Carrier) and bool(tensor.data_ptr() == array.ctypes.data)

    # -- what carriers report --------------------------------------------------------------------------------------

    def ufunc(self, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run a ufunc."""
        out = kwargs.get("out", ())
        rest = {k: v for k, v in kwargs.items() if k != "out"}
        real = dict(rest, out=tuple(plain(o) for o in out)) if out else rest

        def compute() -> Any:
            return getattr(ufunc, method)(*map(plain, inputs), **{k: plain(v) for k, v in real.items()})

        def twin() -> Any:
            equivalent = for_ufunc(ufunc, method)
            if equivalent is None or "where" in rest:
                return None
            if method == "__call__":
                return equivalent(*self._operands.of_loop(ufunc, inputs, rest))
            named = {k: self._operands.argument(v) for k, v in rest.items() if v is not None and v is not np._NoValue}
            named.setdefault("axis", 0)
            return equivalent(*map(self._operands.argument, inputs), **named)

        written = inputs[:1] if method == "at" else tuple(o for o in out if o is not None)
        return self._run(f"numpy.{ufunc.__name__}", compute, twin, written, inputs)

    def function(self, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Run one of NumPy's functions."""
        equivalent = for_function(function)
        name = f"{function.__module__}.{function.__name__}"
        return self._call(name, function, equivalent, args, kwargs, function.__name__ in MUTATORS)

    def method(self, name: str, array: Carrier | CarriedScalar, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Run a method of arrays."""
        writes = name in _WRITING_METHODS

        def compute(*given: Any, **named: Any) -> Any:
            return getattr(given[0], name)(*given[1:], **named)

        return self._call(f"ndarray.{name}", compute, for_method(name), (array, *args), kwargs, writes)

    def operator(self, compute: Callable[..., Any], ufunc: np.ufunc, operands: tuple[Any, ...]) -> Any:
        """Run an operator of a scalar."""
        if any(isinstance(o, torch.Tensor) for o in operands):
            return compute(*map(plain, operands))

        def twin() -> Any:
            equivalent = for_ufunc(ufunc, "__call__")
            return equivalent(*self._operands.of_loop(ufunc, operands, {})) if equivalent else None

        return self._run(f"numpy.{ufunc.__name__}", lambda: compute(*map(plain, operands)), twin, ())

    def convert(self, name: str, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run ``np.array``, ``np.asarray`` of tensors and carried values."""
        if isinstance(args[0], torch.Tensor):
            args = (args[0].numpy() if args[0].device.type == "cpu" else args[0], *args[1:])
        return self._call(f"numpy.{name}", original, lambda data, *_, **__: as_one_tensor(data), args, kwargs, False)

    def filled(self, name: str, made: Array) -> Any:
        """Follow an array that user code has just made by ``np.zeros``, ``np.ones`` and their kin."""
        dtype = torch_dtype(made.dtype)
        if type(made) is not np.ndarray or self._active() is None or dtype is None or made.size == 0:
            return made
        value = 0 if name == "empty" else made.flat[0].item()
        if name == "full" and not (made == made.flat[0]).all():
            return made
        return self._explained(made, torch.full(made.shape, value, dtype=dtype), f"numpy.{name}")

    def filled_with(self, name: str, made: Array, value: Any) -> Any:
        """Follow an array that ``np.full`` has just filled with what came from tensors."""
        if type(made) is not np.ndarray or self._active() is None or torch_dtype(made.dtype) is None:
            return made
        return self._explained(made, self._operands.operand(value).expand(made.shape), f"numpy.{name}")

    def written_out(self, name: str, made: Any) -> Any:
        """Follow an array that user code has just made of numbers alone: a constant, by value, of the step."""
        if type(made) is not np.ndarray or self._active() is None or not 0 < made.size <= _WRITTEN_OUT:
            return made
        dtype = torch_dtype(made.dtype)
        return (
            made if dtype is None else self._explained(made, torch.tensor(made.tolist(), dtype=dtype), f"numpy.{name}")
        )

    def get_item(self, array: Carrier, key: Any) -> Any:
        """Read by index."""
        base = plain(array)
        if is_basic(key):
            part = base[key]
            if isinstance(part, np.ndarray):
                return self._carrier(part)
            places = key if isinstance(key, tuple) else (key,)
            whole = (*places, ...) if ... not in places else places
            return self._run("ndarray.__getitem__", lambda: part, lambda: self._operands.read(base[whole]).clone(), ())

        def twin() -> Any:
            return self._operands.read(base)[self._operands.argument(key)]

        return self._run("ndarray.__getitem__", lambda: base[plain_key(key)], twin, ())

    def set_item(self, array: Carrier, key: Any, value: Any) -> None:
        """Write by index."""
        base = plain(array)

        def compute() -> None:
            base[plain_key(key)] = plain(value)

        if is_basic(key):
            places = key if isinstance(key, tuple) else (key,)
            target = base[(*places, ...) if not any(p is ... for p in places) else places]
            self._run("ndarray.__setitem__", compute, lambda: self._source(value, target), (target,))
            return

        def twin() -> Any:
            whole = self._operands.read(base).clone()
            whole[self._operands.argument(key)] = self._operands.operand(value, whole.dtype)
            return whole

        self._run("ndarray.__setitem__", compute, twin, (base,))

    def leaves(self, value: Any, how: str) -> None:
        """Record that a value leaves for Python: ``float(x)``, ``bool(x)``, ``x.tolist()``."""
        if self._active() is not None:
            tensor = self._operands.operand(value)
            if isinstance(tensor, torch.Tensor) and (how == "tolist" or tensor.numel() == 1):
                getattr(tensor, how)()

    # -- run and explain -------------------------------------------------------------------------------------------

    def _call(
        self,
        name: str,
        function: Callable[..., Any],
        equivalent: Equivalent | None,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        writes: bool,
    ) -> Any:
        out = kwargs.get("out")
        written = () if out is None else out if isinstance(out, tuple) else (out,)

        def compute() -> Any:
            return function(*plain_all(list(args)), **{k: plain_all(v) for k, v in kwargs.items()})

        def twin() -> Any:
            if equivalent is None:
                return None
            given = [self._operands.argument(a) for a in args]
            named = {k: self._operands.argument(v) for k, v in kwargs.items() if k not in ("out", "casting")}
            if not writes:
                return equivalent(*given, **named)
            target = given[0].clone()
            equivalent(wrapped(target), *given[1:], **named)
            return target

        return self._run(name, compute, twin, (args[0],) if writes else written, args)

    def _run(self, name: str, compute: Call, twin: Call, written: Sequence[Any], given: Sequence[Any] = ()) -> Any:
        """Record the twin, let NumPy compute, and say that its results hold what the twin gave."""
        memory = self._active()
        if memory is None:
            return compute()
        try:
            with _exact_numbers():
                value = twin()
        except _UNKNOWN:
            value = None
        arrays = [plain(w) for w in written]
        for array in arrays:
            memory.look(array)
        result = compute()
        if isinstance(result, (np.generic, bool, str, bytes)) and _tensor(value) is None:
            for operand in (g for g in given if isinstance(g, (Carrier, CarriedScalar))):
                self.leaves(operand, "tolist")
        values = list(value) if isinstance(value, (tuple, list)) else [value]
        for array, v in zip(arrays, [*values, *[None] * len(arrays)], strict=False):
            made = _tensor(v)
            if made is None:
                memory.overwritten(array, self._note(name))
            else:
                memory.written(array, made)
        return self._wrap(result, value, name)

    def _wrap(self, result: Any, value: Any, name: str) -> Any:
        if isinstance(result, (tuple, list)):
            values = list(value) if isinstance(value, (tuple, list)) else [None] * len(result)
            values += [None] * (len(result) - len(values))
            items = [self._wrap(r, v, name) for r, v in zip(result, values, strict=False)]
            return type(result)(*items) if hasattr(result, "_fields") else type(result)(items)
        if isinstance(result, np.generic):
            return self._scalar(result, _tensor(value), name)
        if isinstance(result, torch.Tensor):
            tensor = _tensor(value)
            if tensor is not None and tensor.shape == result.shape:
                self._recorder.add_pack([tensor], result, sys._getframe(1))
            return result
        if type(result) is not np.ndarray or torch_dtype(result.dtype) is None:
            return result
        return self._explained(result, _tensor(value), name)

    def _explained(self, result: Array, value: torch.Tensor | None, name: str) -> Carrier:
        memory = self._active()
        if memory is not None and not memory.knows(result):
            if value is not None and value.shape == result.shape:
                memory.made(result, value)
            else:
                memory.unexplained(result, self._note(name))
        return self._carrier(result)

    def _scalar(self, result: np.generic, value: torch.Tensor | None, name: str) -> Any:
        dtype = torch_dtype(result.dtype)
        if dtype is None:
            return result
        if not isinstance(value, torch.Tensor) or value.dim():
            return result
        carried = wrap_scalar(result, value.to(dtype), self)
        if carried is not None:
            return carried
        # NumPy's bool cannot be extended: a 0-d array stands in for it.
        return self._explained(np.array(result), value, name).view(CarriedBool)

    def _note(self, name: str) -> str:
        stack, line = self._recorder.sites.number(sys._getframe(1))
        return f"a result of {name}, which cannot be recorded, at {self._recorder.sites.describe(stack, line)}"

    def _source(self, value: Any, target: Array) -> Any:
        """Return what an assignment writes, taken before it writes."""
        source = self._operands.operand(value)
        if isinstance(source, torch.Tensor) and isinstance(value, np.ndarray) and np.may_share_memory(value, target):
            return source.clone()
        return source

    def _carrier(self, array: Array) -> Carrier:
        self.used = True
        carrier = array.view(Carrier)
        carrier._numpy = self
        return carrier

    def _active(self) -> NumpyMemory | None:
        return None if self._recorder.idle else self._memory


@contextmanager
def _exact_numbers() -> Iterator[None]:
    """Have PyTorch take Python's numbers as they are: NumPy's are of double precision, beside arrays of theirs."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _tensor(value: Any) -> Any:
    """Return a twin's result as a tensor or number; ``None`` if it is neither."""
    inner = getattr(value, "tensor", value)  # torch._numpy wraps its results
    return inner if isinstance(inner, (torch.Tensor, int, float, complex)) else None
