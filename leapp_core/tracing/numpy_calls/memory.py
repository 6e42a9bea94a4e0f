"""Memory that PyTorch and NumPy share in a session: which tensor lies over which array."""

from __future__ import annotations

import bisect
import ctypes
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from leapp_core.tracing.record.recorder import TraceRecorder, unrecorded

aten = torch.ops.aten
Array = np.ndarray[Any, Any]

TORCH_DTYPES: dict[str, torch.dtype] = {
    name: getattr(torch, "bool" if name == "bool" else name)
    for name in (
        "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "complex64", "complex128",
    )
}  # fmt: skip


def torch_dtype(dtype: np.dtype[Any]) -> torch.dtype | None:
    """Return the torch dtype of a NumPy dtype in native byte order; ``None`` if PyTorch has none."""
    return TORCH_DTYPES.get(dtype.name) if dtype.isnative else None


@dataclass(frozen=True)
class Region:
    """A block of memory, from address ``start`` to ``end``, and the storage over it. The record keeps it alive."""

    start: int
    end: int
    storage: torch.UntypedStorage


@dataclass(frozen=True)
class Shadow:
    """A tensor over an array's memory; axes in ``flipped`` run the other way in the array."""

    tensor: torch.Tensor
    flipped: tuple[int, ...]


class NumpyMemory:
    """Finds the tensor over an array by address, and records what NumPy wrote as calls on such tensors.

    Nothing is computed twice on shared memory: NumPy writes, and the record gets the call that explains it.

    Args:
        recorder: The record.
    """

    def __init__(self, recorder: TraceRecorder) -> None:
        self._recorder = recorder
        self._starts: list[int] = []
        self._regions: list[Region] = []

    def share(self, tensor: torch.Tensor) -> None:
        """Note that a tensor's memory left for NumPy."""
        storage = tensor.untyped_storage()
        if storage.nbytes() and self._find(storage.data_ptr(), storage.data_ptr() + storage.nbytes()) is None:
            self._recorder.share(tensor)
            self._add(Region(storage.data_ptr(), storage.data_ptr() + storage.nbytes(), storage))

    def knows(self, array: Array) -> bool:
        """Return whether an array lies in memory seen before."""
        return array.size == 0 or self._find(*_bounds(array)) is not None

    def over(self, array: Array) -> Shadow | None:
        """Return the tensor over an array's memory; memory not seen before is foreign. ``None``: dtype unknown."""
        dtype = torch_dtype(array.dtype)
        if dtype is None:
            return None
        with unrecorded():
            if array.size == 0:
                return Shadow(torch.empty(array.shape, dtype=dtype), ())
            region = self._find(*_bounds(array)) or self._adopt(array)
            item = array.itemsize
            flipped = tuple(i for i, (n, s) in enumerate(zip(array.shape, array.strides, strict=True)) if s < 0 < n)
            first = _bounds(array)[0] - region.start
            if first % item or any(s % item for s in array.strides):
                return None
            strides = [abs(s) // item for s in array.strides]
            tensor = torch.empty(0, dtype=dtype).set_(region.storage, first // item, array.shape, strides)
        return Shadow(tensor, flipped)

    def read(self, array: Array) -> torch.Tensor | None:
        """Return a tensor with an array's elements, for recorded calls to read."""
        shadow = self.over(array)
        if shadow is None:
            return None
        return torch.flip(shadow.tensor, shadow.flipped) if shadow.flipped else shadow.tensor

    def look(self, array: Array) -> None:
        """Look at memory before NumPy writes it."""
        shadow = self.over(array)
        if shadow is not None:
            self._recorder.touch(shadow.tensor)

    def made(self, array: Array, value: torch.Tensor) -> None:
        """Record that NumPy put ``value`` into an array it has just allocated."""
        shadow = self.over(array)
        if shadow is not None:
            how: dict[str, Any] = {"dtype": shadow.tensor.dtype}
            if not value.is_contiguous():  # a factorisation's columns: NumPy keeps rows, of which parts may be views
                how["memory_format"] = torch.contiguous_format
            self._recorder.add_done(aten._to_copy.default, (value,), how, shadow.tensor, sys._getframe(1), True)

    def written(self, array: Array, value: torch.Tensor | complex) -> None:
        """Record that NumPy wrote ``value`` (which broadcasts) into memory seen before."""
        shadow = self.over(array)
        if shadow is None:
            return
        target, frame = shadow.tensor, sys._getframe(1)
        if not isinstance(value, torch.Tensor):
            self._recorder.add_done(aten.fill_.Scalar, (target, value), {}, target, frame, False)
            return
        while value.dim() > target.dim() and value.shape[0] == 1:
            value = value[0]
        if shadow.flipped:
            value = torch.flip(value.expand(target.shape), shadow.flipped)
        self._recorder.add_done(aten.copy_.default, (target, value), {}, target, frame, False)

    def unexplained(self, array: Array, note: str) -> None:
        """Say where memory comes from that no recorded call explains, for the refusal should it matter."""
        shadow = self.over(array)
        if shadow is not None:
            self._recorder.annotate(shadow.tensor, note)

    def overwritten(self, array: Array, note: str) -> None:
        """Record that NumPy wrote memory seen before with values that no recorded call explains."""
        copy = np.array(array, subok=False)
        self.unexplained(copy, note)
        value = self.read(copy)
        if value is not None:
            self.written(array, value)

    def _find(self, low: int, high: int) -> Region | None:
        at = bisect.bisect_right(self._starts, low) - 1
        if at < 0 or self._regions[at].end < high:
            return None
        return self._regions[at]

    def _add(self, region: Region) -> None:
        at = bisect.bisect_right(self._starts, region.start)
        self._starts.insert(at, region.start)
        self._regions.insert(at, region)

    def _adopt(self, array: Array) -> Region:
        root = array
        while isinstance(root.base, np.ndarray) and root.base.size:
            root = root.base
        low, high = _bounds(root)
        # By address: strides, byte order and write protection of the array do not matter to whoever only looks.
        memory = np.ctypeslib.as_array((ctypes.c_uint8 * (high - low)).from_address(low))
        region = Region(low, high, torch.from_numpy(memory).untyped_storage())
        self._recorder.keep((root, memory))
        self._add(region)
        return region


def _bounds(array: Array) -> tuple[int, int]:
    low = high = int(array.__array_interface__["data"][0])
    for size, stride in zip(array.shape, array.strides, strict=True):
        if stride < 0:
            low += (size - 1) * stride
        else:
            high += (size - 1) * stride
    return low, high + array.itemsize
