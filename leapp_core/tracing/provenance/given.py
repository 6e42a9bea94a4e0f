"""Tensor calls that are given followed numbers: which argument of which recorded call a number became."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import BuiltinFunctionType
from typing import Any

import numpy as np
import torch

from leapp_core.tracing.provenance.arithmetic import LARGEST
from leapp_core.tracing.provenance.values import KINDS, NUMBERS, NUMERIC, Traced, bare, is_mixed, is_tensor
from leapp_core.tracing.record.events import Event
from leapp_core.tracing.record.numbers import Given, Place
from leapp_core.tracing.record.promotion import ARGUMENTS, FILLED
from leapp_core.tracing.record.recorder import PACK, TraceRecorder, unrecorded

_PACKING = (torch.tensor, torch.as_tensor, torch.asarray)
_FILLS = frozenset({torch.full, torch.full_like})
_LARGEST_PACK = 4096
_BEYOND = 2**40
"""Index that no tensor has."""
# What PyTorch computes with a number in more digits than a tensor of the type has.
_SHORT = frozenset({torch.float16, torch.bfloat16})


class GivenNumbers:
    """Runs calls with plain numbers and notes where the record has them.

    Args:
        recorder: The record.
        leave: Told of a number that went somewhere else, and which part of the expression it is.
    """

    def __init__(self, recorder: TraceRecorder, leave: Callable[[Traced, str], None]) -> None:
        self._recorder = recorder
        self._log = recorder.numbers
        self._leave = leave

    def run(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        active: bool,
        parts: tuple[str, ...],
    ) -> Any:
        """Call a function of tensors and numbers."""
        if any(function is packing for packing in _PACKING) or getattr(function, "__name__", "") == "new_tensor":
            return self._pack(function, args, kwargs, active)
        if getattr(function, "__name__", "") == "roll" and active and not kwargs:
            return self._roll(function, args)
        names = parts or tuple(f"args.{i}" for i in range(len(args)))
        numbers = [(v, n) for v, n in zip(args, names, strict=True) if type(v) in KINDS or type(v) in NUMBERS]
        by_name = [(k, v) for k, v in kwargs.items() if type(v) in KINDS or type(v) in NUMBERS]
        # The record has arguments in the order of the operator; two bounds may be the same number for a while.
        by_name.sort(key=lambda given: given[0] == "max")
        numbers += [(v, f"keywords.{k}") for k, v in by_name]
        given = [_without(a) for a in args]
        named = {k: _without(v) for k, v in kwargs.items()}
        nested = [v for a in (*args, *kwargs.values()) if type(a) in (list, tuple) for v in a if type(v) in KINDS]
        small = all(type(bare(v)) is not int or -LARGEST < bare(v) < LARGEST for v, _ in numbers)
        dtype = self._dtype(function, args, kwargs, [v for v, _ in numbers]) if active and small else None
        if dtype is None:
            self._all_leave([*((v, n) for v, n in numbers if type(v) in KINDS), *((v, "") for v in nested)])
            return function(*given, **named)
        for value in nested:
            self._leave(value, "")
        casts = [self._cast(v, dtype) for v, _ in numbers]
        filler = self._filler(function, args, casts)
        before = self._recorder.position
        out = function(*given, **named)
        if not self._match(before, [v for v, _ in numbers], casts, filler, dtype):
            self._all_leave((v, n) for v, n in numbers if type(v) in KINDS)
        return out

    def get_item(self, base: torch.Tensor, key: Any, active: bool) -> Any:
        """Read part of a tensor."""
        if not active:
            self._all_leave((v, "slice") for v in _numbers_in(key))
            return base[_without(key)]
        pointers = self._pointers(key)
        before = self._recorder.position
        out = base[_without(key)]
        self._match_key(before, key, pointers)
        return out

    def set_item(self, base: torch.Tensor, key: Any, value: Any, active: bool) -> None:
        """Write part of a tensor."""
        if not active:
            self._all_leave((v, "slice") for v in _numbers_in(key))
            if type(value) in KINDS:
                self._leave(value, "value")
            base[_without(key)] = _without(value)
            return
        pointers = self._pointers(key)
        cast = self._cast(value, base.dtype) if type(value) in KINDS and not base.is_complex() else None
        before = self._recorder.position
        base[_without(key)] = _without(value)
        self._match_key(before, key, pointers)
        if type(value) in KINDS and not (cast is not None and self._match_value(before, value, cast)):
            self._leave(value, "value")
        elif type(value) in (list, tuple):
            self._all_leave((v, "value") for v in _numbers_in(value))

    # -- matching --------------------------------------------------------------------------------------------------

    def _since(self, before: int) -> list[Event]:
        self._recorder.settle()
        return self._recorder.events[before:]

    def _match(
        self, before: int, numbers: list[Any], casts: list[Any], filler: torch.Tensor | None, dtype: torch.dtype
    ) -> bool:
        """Note which calls were given the numbers; return whether all of them were found, in order."""
        events = [e for e in self._since(before) if not isinstance(e.func, str)]
        found: list[tuple[Event, int]] = []
        for event in events:
            places = ARGUMENTS.get(event.func) or FILLED.get(event.func)
            if places is not None:
                found += [(event, i) for i in places if i < len(event.args) and type(event.args[i]) in (int, float)]
        if len(found) != len(numbers):
            return False
        if any(not _alike(event.args[i], bare(n)) for (event, i), n in zip(found, numbers, strict=True)):
            return False
        return self._note(found, numbers, casts, filler, dtype)

    def _note(
        self,
        found: list[tuple[Event, int]],
        numbers: list[Any],
        casts: list[Any],
        filler: torch.Tensor | None,
        dtype: torch.dtype,
    ) -> bool:
        """Note the arguments that became numbers; return whether twins can take the place of all of them."""
        by_event: dict[int, list[tuple[int, Any, Any]]] = {}
        for (event, i), number, cast in zip(found, numbers, casts, strict=True):
            by_event.setdefault(event.index, []).append((i, number, cast))
        given: list[Given] = []
        for index, places_of in by_event.items():
            event = self._recorder.events[index]
            roots = _roots(n for _, n, _ in places_of)
            if not roots:
                continue
            if event.func in FILLED:
                if filler is None or filler.shape != event.outs[0].sizes or event.outs[0].dtype != dtype:
                    return False
                given.append(Given(index, "clone", 0, filler, roots))
                continue
            if not any(is_tensor(a) for a in event.args):
                return False
            twins = tuple((i, cast) for i, _, cast in places_of)
            given.append(Given(index, "argument", 0, twins, roots))
        self._log.given += given
        return True

    def _match_value(self, before: int, value: Traced, cast: torch.Tensor) -> bool:
        events = self._since(before)
        event = events[-1] if events else None
        if event is None or isinstance(event.func, str):
            return False
        if event.plan.name == "aten::fill_" and len(event.args) == 2 and type(event.args[1]) in (int, float):
            self._log.given.append(Given(event.index, "argument", 0, ((1, cast),), value.roots))
            return True
        if event.plan.name in ("aten::copy_", "aten::fill_") and len(event.ins) == 2:
            source = event.args[1]
            if is_tensor(source) and source.dim() == 0:
                self._log.given.append(Given(event.index, "operand", 1, cast, value.roots))
                return True
        return False

    def _match_key(self, before: int, key: Any, pointers: list[tuple[Any, torch.Tensor | None]]) -> None:
        """Note which rows and slices were taken by numbers."""
        events = [e for e in self._since(before) if e.plan.name in ("aten::select", "aten::slice")]
        parts = list(key) if type(key) is tuple else [key]
        whole = [p for p in parts if type(p) in KINDS or type(p) is int]
        rows = [e for e in events if e.plan.name == "aten::select"]
        in_order = len(rows) == len(whole) and all(
            not isinstance(e.func, str) and e.args[2] == bare(p) for e, p in zip(rows, whole, strict=True)
        )
        for part, pointer in pointers:
            if type(part) in KINDS:
                at = next((e for e, p in zip(rows, whole, strict=False) if p is part), None) if in_order else None
                roots = part.roots
            elif type(part) is not slice:
                at, roots = None, _roots(_numbers_in(part))
            else:
                start, stop = bare(part.start), bare(part.stop)
                slices = [e for e in events if e.plan.name == "aten::slice" and tuple(e.args[2:4]) == (start, stop)]
                at = slices[0] if len(slices) == 1 else None
                at = at if at is not None and at.outs[0].sizes[at.args[1]] == stop - start else None
                roots = _roots((part.start, part.stop))
            if pointer is None or at is None:
                self._all_leave((v, "slice") for v in _numbers_in(part))
            else:
                self._log.given.append(Given(at.index, "select", 0, pointer, roots))

    def _pointers(self, key: Any) -> list[tuple[Any, torch.Tensor | None]]:
        """Return the numbers and slices of a key with index tensors for them, made beforehand."""
        found: list[tuple[Any, torch.Tensor | None]] = []
        for part in list(key) if type(key) is tuple else [key]:
            if type(part) in KINDS:
                found.append((part, part.twin if part.twin.dtype is torch.int64 else None))
            elif _numbers_in(part):
                found.append((part, self._range(part) if type(part) is slice else None))
        return found

    def _range(self, part: slice) -> torch.Tensor | None:
        start, stop = part.start, part.stop
        if type(start) not in KINDS or type(stop) not in KINDS or part.step not in (None, 1):
            return None
        first, end = bare(start), bare(stop)
        if type(first) is not int or type(end) is not int or not 0 <= first < end:
            return None

        def make() -> torch.Tensor:
            # A start below zero counts from the end, and gives another number of rows: such an index stops the program.
            at = torch.where(start.twin < 0, _BEYOND, start.twin)
            return torch.add(at, torch.arange(end - first, dtype=torch.int64, device="cpu"))

        return self._computed(make)

    # -- making ----------------------------------------------------------------------------------------------------

    def _pack(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], active: bool) -> Any:
        given = [_without(a) for a in args]
        named = {k: _without(v) for k, v in kwargs.items()}
        data = args[0] if args else kwargs.get("data")
        elements = list(_flat(data))
        before = self._recorder.position
        out = function(*given, **named)
        known = all(type(e) in NUMERIC or type(e) in NUMBERS or type(e) is bool or _is_scalar(e) for e in elements)
        told = kwargs.get("dtype") is not None or getattr(function, "__name__", "") == "new_tensor"
        known = known and (told or not is_mixed(*elements) or any(_is_float(e) for e in elements))
        if active and known and len(elements) == out.numel() and len(elements) <= _LARGEST_PACK:
            makers = [e for e in self._since(before) if e.plan.literal or e.func == PACK]
            if makers and makers[-1].outs and not out.is_complex():
                twins = [e.twin if type(e) in KINDS else e for e in elements]
                self._log.given.append(Given(makers[-1].index, "pack", 0, twins, _roots(elements)))
                return out
        part = "args.0" if args else "keywords.data"
        self._all_leave((e, part) for e in elements if type(e) in KINDS)
        return out

    def _roll(self, function: Any, args: tuple[Any, ...]) -> Any:
        """Shift along one axis by a number: rows are taken by indices that come round."""
        owner = getattr(function, "__self__", None)
        x, rest = (owner, args) if is_tensor(owner) else (args[0], args[1:])
        pointer: torch.Tensor | None = None
        if len(rest) == 2 and is_tensor(x) and type(rest[1]) is int and type(bare(rest[0])) is int:
            size, shift = x.shape[rest[1]], rest[0]
            if size and type(shift) in KINDS:
                pointer = self._computed(lambda: _shifted(size, shift.twin))
        before = self._recorder.position
        out = function(*[_without(a) for a in args])
        events = [e for e in self._since(before) if e.plan.name == "aten::roll"]
        if pointer is None or len(events) != 1:
            self._all_leave((v, "") for v in _numbers_in(list(args)))
        else:
            self._log.given.append(Given(events[0].index, "rows", rest[1], pointer, _roots(rest)))
        return out

    def _dtype(
        self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], numbers: list[Any]
    ) -> torch.dtype | None:
        """Return the type that a number is used in."""
        tensors = [a for a in (getattr(function, "__self__", None), *args, *kwargs.values()) if is_tensor(a)]
        if not numbers or any(t.requires_grad and not t.is_leaf for t in tensors):
            return None
        name = getattr(function, "__name__", "")
        if name in ("full", "full_like", "new_full"):
            told = kwargs.get("dtype")
            if told is not None:
                return told  # type: ignore[no-any-return]
            if is_mixed(*numbers):
                return None
            if name != "full":
                return tensors[0].dtype if tensors else None
            return torch.int64 if type(bare(numbers[0])) is int else torch.get_default_dtype()
        if not tensors:
            return None
        if name in ("fill_", "masked_fill", "masked_fill_"):
            return tensors[0].dtype
        with unrecorded():
            found = [torch.result_type(t, bare(n)) for t in tensors if t.dtype is not torch.bool for n in numbers]
            if is_mixed(*numbers):
                found += [torch.result_type(t, either) for t in tensors for either in (1, 1.0)]
        if not found or any(d is not found[0] for d in found) or found[0].is_complex or found[0] in _SHORT:
            return None
        return found[0]

    def _filler(self, function: Any, args: tuple[Any, ...], casts: list[Any]) -> torch.Tensor | None:
        """Return what a call that fills a new tensor with a number gives, expanded from the number's twin."""
        name = getattr(function, "__name__", "")
        if name not in ("full", "full_like", "new_full") or len(casts) != 1:
            return None
        size: Any = args[0] if args else None
        if is_tensor(size):
            size = size.shape if name == "full_like" else None
        if isinstance(size, int):
            size = (size,)
        if size is None or any(type(n) is not int for n in size):
            return None
        return self._computed(lambda: casts[0].expand(tuple(size)))

    def _cast(self, value: Any, dtype: torch.dtype) -> torch.Tensor:
        if type(value) not in KINDS:
            return self._computed(lambda: torch.tensor(value, dtype=dtype, device="cpu"))
        twin = value.twin
        return twin if twin.dtype is dtype else self._computed(lambda: twin.to(dtype))

    def _computed(self, make: Callable[[], torch.Tensor]) -> torch.Tensor:
        before = self._recorder.position
        with torch._C.DisableTorchFunction():
            made = make()
        self._log.computed.update(range(before, self._recorder.position))
        return made

    def _all_leave(self, values: Iterable[tuple[Any, str]]) -> None:
        for value, part in values:
            self._leave(value, part)


def is_compiled(function: Any) -> bool:
    """Return whether a function is one of PyTorch's compiled ones."""
    if type(function) is not BuiltinFunctionType:
        return False
    owner = function.__self__
    return is_tensor(owner) or getattr(torch, function.__name__, None) is function


def _roots(values: Iterable[Any]) -> frozenset[Place]:
    found: set[Place] = set()
    for value in values:
        if type(value) in KINDS:
            found |= value.roots
    return frozenset(found)


def _shifted(size: int, shift: torch.Tensor) -> torch.Tensor:
    """Return where each row comes from when rows are shifted."""
    return torch.remainder(torch.sub(torch.arange(size, device="cpu"), shift), size)


def _alike(one: Any, other: Any) -> bool:
    return bool(one == other or (one != one and other != other))


def _without(value: Any) -> Any:
    """Return a value with plain numbers, inside lists, tuples and slices too."""
    kind = type(value)
    if kind in KINDS:
        return value.plain
    if kind is slice:
        return slice(bare(value.start), bare(value.stop), bare(value.step))
    return kind(_without(v) for v in value) if kind in (list, tuple) else value


def _numbers_in(value: Any) -> list[Traced]:
    kind = type(value)
    if kind in KINDS:
        return [value]
    if kind is slice:
        return [p for p in (value.start, value.stop, value.step) if type(p) in KINDS]
    return [n for v in value for n in _numbers_in(v)] if kind in (list, tuple) else []


def _flat(data: Any) -> Iterable[Any]:
    if type(data) in (list, tuple):
        for item in data:
            yield from _flat(item)
    else:
        yield data


def _is_float(value: Any) -> bool:
    """Return whether a value is a float in every step."""
    return type(bare(value)) in (float, np.float64) and not is_mixed(value)


def _is_scalar(value: Any) -> bool:
    return is_tensor(value) and value.numel() == 1
