"""Which bytes tensors cover, against what PyTorch reads through the same view."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from leapp_core.tracing.record.events import TensorInfo
from leapp_core.tracing.record.regions import Masks, RegionTable, element_offsets, extent, is_dense, numel

SIZE = 24

VIEWS = {
    "all of it": (0, (SIZE,), (1,), True),
    "a row": (6, (6,), (1,), True),
    "a column": (2, (4,), (6,), False),
    "a block in the middle": (7, (2, 3), (6, 1), False),
    "transposed": (0, (6, 4), (1, 6), True),
    "every other element": (0, (12,), (2,), False),
    "one element": (5, (), (), True),
    "expanded": (3, (4, 2), (0, 1), False),
    "overlapping windows": (0, (5, 4), (2, 1), False),
    "nothing": (4, (0, 3), (3, 1), False),
}


def info_of(offset: int, sizes: tuple[int, ...], strides: tuple[int, ...], dtype: torch.dtype) -> TensorInfo:
    return TensorInfo(0, offset, sizes, strides, dtype)


def bytes_of(info: TensorInfo) -> np.ndarray:
    """Return which bytes PyTorch reads through a view."""
    read = torch.arange(SIZE).as_strided(info.sizes, info.strides, info.offset)
    return np.repeat(np.isin(np.arange(SIZE), read.numpy()), info.dtype.itemsize)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32])
@pytest.mark.parametrize(("offset", "sizes", "strides", "dense"), VIEWS.values(), ids=VIEWS)
def test_a_region_is_what_a_view_reads(
    offset: int, sizes: tuple[int, ...], strides: tuple[int, ...], dense: bool, dtype: torch.dtype
) -> None:
    info = info_of(offset, sizes, strides, dtype)
    covered = np.zeros(SIZE * dtype.itemsize, dtype=bool)
    covered[RegionTable().of(info)] = True
    assert covered.tolist() == bytes_of(info).tolist()
    assert is_dense(info) == dense or numel(info) == 0


@given(st.data())
@settings(deadline=None)
def test_regions_of_any_view(data: st.DataObject) -> None:
    sizes = tuple(data.draw(st.lists(st.integers(1, 3), max_size=3)))
    strides = tuple(data.draw(st.integers(0, 3)) for _ in sizes)
    info = info_of(data.draw(st.integers(0, 4)), sizes, strides, torch.int32)
    assert extent(info)[1] <= SIZE
    covered = np.zeros(SIZE * 4, dtype=bool)
    covered[RegionTable().of(info)] = True
    assert covered.tolist() == bytes_of(info).tolist()
    assert element_offsets(info).shape == sizes


def test_masks_grow_and_shrink() -> None:
    masks = Masks([8, 4])
    masks.add(0, slice(2, 4))
    assert masks.touches(0, slice(3, 6))
    assert not masks.touches(0, slice(4, 6))
    assert not masks.touches(1, slice(0, 4))
    assert masks.merge(0, np.arange(8) == 5)
    assert not masks.merge(0, np.arange(8) == 5)
    masks.remove(0, slice(0, 8))
    assert list(masks) == []
