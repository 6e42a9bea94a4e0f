"""Which elements of a storage a tensor covers, exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from leapp_core.tracing.record.events import TensorInfo

Region = slice | npt.NDArray[np.int64]
"""Bytes of a storage: a slice where they are contiguous, else sorted indices."""


def numel(info: TensorInfo) -> int:
    """Return the number of elements of a tensor (expanded ones counted as often as they appear)."""
    n = 1
    for size in info.sizes:
        n *= size
    return n


def extent(info: TensorInfo) -> tuple[int, int]:
    """Return the first element and the one after the last that a tensor reaches in its storage."""
    if numel(info) == 0:
        return info.offset, info.offset
    last = sum((n - 1) * s for n, s in zip(info.sizes, info.strides, strict=True) if n > 0)
    return info.offset, info.offset + last + 1


def element_offsets(info: TensorInfo) -> npt.NDArray[np.int64]:
    """Return the storage offset of every element, in logical order and shape."""
    offsets = np.full((), info.offset, dtype=np.int64)
    for n, s in zip(info.sizes, info.strides, strict=True):
        offsets = offsets[..., None] + np.arange(n, dtype=np.int64) * s
    return offsets


def elements_in(mask: npt.NDArray[np.bool_], info: TensorInfo) -> npt.NDArray[np.bool_]:
    """Return which elements of a tensor, in its shape, are in a set of bytes of its storage."""
    return np.asarray(mask[element_offsets(info) * info.dtype.itemsize])


def is_dense(info: TensorInfo) -> bool:
    """Return whether the elements cover their extent without gap or overlap."""
    first, last = extent(info)
    return last - first == numel(info) and _distinct(info)


def _distinct(info: TensorInfo) -> bool:
    reach = 1
    for stride, size in sorted((s, n) for n, s in zip(info.sizes, info.strides, strict=True) if n > 1):
        if stride < reach:
            return False
        reach = stride * size
    return True


class RegionTable:
    """Byte regions of tensors, computed once each."""

    def __init__(self) -> None:
        self._regions: dict[TensorInfo, Region] = {}

    def of(self, info: TensorInfo) -> Region:
        """Return the bytes that a tensor covers."""
        region = self._regions.get(info)
        if region is None:
            region = self._regions[info] = _region(info)
        return region


def _region(info: TensorInfo) -> Region:
    item = info.dtype.itemsize
    first, last = extent(info)
    if is_dense(info) or first == last:
        return slice(first * item, last * item)
    offsets = np.unique(element_offsets(info).ravel()) * item
    indices: npt.NDArray[Any] = (offsets[:, None] + np.arange(item, dtype=np.int64)).ravel()
    return indices


class Masks:
    """A set of bytes per storage."""

    def __init__(self, sizes: dict[int, int] | list[int]) -> None:
        self._sizes = sizes
        self._masks: dict[int, npt.NDArray[np.bool_]] = {}

    def __iter__(self) -> Any:
        return iter([s for s, m in self._masks.items() if m.any()])

    def get(self, storage: int) -> npt.NDArray[np.bool_]:
        """Return the mask of a storage (made empty if there is none)."""
        mask = self._masks.get(storage)
        if mask is None:
            mask = self._masks[storage] = np.zeros(max(self._sizes[storage], 1), dtype=np.bool_)
        return mask

    def touches(self, storage: int, region: Region) -> bool:
        """Return whether any byte of the region is in the set; an empty region of a member storage never is."""
        mask = self._masks.get(storage)
        return mask is not None and bool(mask[region].any())

    def add(self, storage: int, region: Region) -> None:
        """Put a region into the set."""
        self.get(storage)[region] = True

    def remove(self, storage: int, region: Region) -> None:
        """Take a region out of the set."""
        mask = self._masks.get(storage)
        if mask is not None:
            mask[region] = False

    def merge(self, storage: int, mask: npt.NDArray[np.bool_]) -> bool:
        """Add a mask; return whether anything new came in."""
        own = self.get(storage)
        grown = bool((mask & ~own).any())
        own |= mask
        return grown
