"""Views: which call made one from which tensor, and how to reach a geometry when no call is known."""

from __future__ import annotations

from dataclasses import dataclass

from leapp_core.tracing.find.slicing import Slicer
from leapp_core.tracing.record.events import Event, TensorInfo
from leapp_core.tracing.record.regions import extent, is_dense, numel


@dataclass(frozen=True)
class ViewStep:
    """A view was taken from ``base`` by ``event``; its result is the ``output``-th."""

    event: Event
    base: TensorInfo
    output: int


class ViewTable:
    """First known way to each geometry; later ways to the same elements are not needed.

    Args:
        slicer: Slicer of the record.
    """

    def __init__(self, slicer: Slicer) -> None:
        self._steps: dict[TensorInfo, ViewStep] = {}
        self._seen: dict[int, list[TensorInfo]] = {}
        known: set[TensorInfo] = set()
        for event in slicer.recorder.events:
            effects = slicer.effects.of(event)
            for info in (*event.ins, *effects.births):
                known.add(info)
                self._note(info)
            for out, base in effects.views:
                self._note(out)
                if out not in known:
                    known.add(out)
                    self._steps[out] = ViewStep(event, base, event.outs.index(out))
        for declaration in slicer.recorder.declarations:
            self._note(declaration.info)

    def step_to(self, info: TensorInfo) -> ViewStep | None:
        """Return how a geometry was first reached, if by a recorded view."""
        return self._steps.get(info)

    def seen_on(self, storage: int) -> list[TensorInfo]:
        """Return every geometry seen on a storage, first seen first."""
        return self._seen.get(storage, [])

    def reaches(self, info: TensorInfo, root: TensorInfo) -> bool:
        """Return whether recorded views lead from ``root`` to ``info``."""
        while info != root:
            step = self.step_to(info)
            if step is None:
                return False
            info = step.base
        return True

    def _note(self, info: TensorInfo) -> None:
        seen = self._seen.setdefault(info.storage, [])
        if info not in seen:
            seen.append(info)


def choose_root(used: list[TensorInfo], candidates: list[TensorInfo]) -> TensorInfo:
    """Return the tensor a storage's other tensors are views of: the smallest dense one that covers all used.

    Args:
        used: Geometries the program uses; at least one.
        candidates: Geometries to choose from, preferred first among equals.
    """
    spans = [extent(info) for info in used if numel(info)]
    low = min((a for a, _ in spans), default=used[0].offset)
    high = max((b for _, b in spans), default=used[0].offset)
    dtypes = {info.dtype for info in used}
    fitting = [
        c for c in candidates if c.dtype in dtypes and is_dense(c) and extent(c)[0] <= low and extent(c)[1] >= high
    ]
    if fitting:
        return min(fitting, key=lambda c: (numel(c), not _row_major(c)))
    return TensorInfo(used[0].storage, low, (high - low,), (1,), used[0].dtype)


def _row_major(info: TensorInfo) -> bool:
    reach = 1
    for size, stride in zip(reversed(info.sizes), reversed(info.strides), strict=True):
        if size != 1 and stride != reach:
            return False
        reach *= size
    return True


@dataclass(frozen=True)
class Fit:
    """How to reach a geometry from a row-major root: reshape, slice each axis, permute, expand.

    Attributes:
        shape: Shape to give the root first.
        starts: First index on each axis.
        stops: Index after the last on each axis.
        order: Axis of the reshaped root for each axis of the result that is not expanded, in result order.
        sizes: Final shape.
    """

    shape: tuple[int, ...]
    starts: tuple[int, ...]
    stops: tuple[int, ...]
    order: tuple[int, ...]
    sizes: tuple[int, ...]


def fit(info: TensorInfo, root: TensorInfo) -> Fit | None:
    """Return how to take ``info`` from ``root``, or ``None`` if strides do not nest or the root is not row-major."""
    if not _row_major(root) or info.dtype != root.dtype:
        return None
    total = numel(root)
    axes = sorted(
        ((s, n, i) for i, (n, s) in enumerate(zip(info.sizes, info.strides, strict=True)) if n > 1 and s > 0),
        reverse=True,
    )
    strides = [s for s, _, _ in axes]
    if any(a % b for a, b in zip([total, *strides], [*strides, 1], strict=True)):
        return None
    shape = tuple(a // b for a, b in zip([total, *strides], [*strides, 1], strict=True))
    rest = info.offset - root.offset
    starts = []
    for stride in [*strides, 1]:
        starts.append(rest // stride)
        rest %= stride
    # The first axis counts blocks of the largest stride; axis i>0 of the result lies on axis i of ``shape``.
    return _fit_axes(info, axes, shape, starts)


def within(info: TensorInfo, base: TensorInfo) -> Fit | None:
    """Return how to take ``info`` from a tensor with strides of its own by slices, selections and permutation.

    Works when every axis of ``info`` runs along an axis of ``base``, as for ``data[:, 7:10]`` taken from
    ``data[:, 7:]`` after the fact; otherwise ``None``.
    """
    if info.dtype != base.dtype or not numel(info):
        return None
    along = enumerate(zip(base.sizes, base.strides, strict=True))
    axes = sorted(((s, i) for i, (n, s) in along if n > 1), reverse=True)
    if len({s for s, _ in axes}) < len(axes) or any(s <= 0 for s, _ in axes):
        return None
    rest = info.offset - base.offset
    starts = [0] * len(base.sizes)
    for stride, axis in axes:
        starts[axis], rest = divmod(rest, stride)
    if rest or any(not 0 <= a < n for a, n in zip(starts, base.sizes, strict=True)):
        return None
    by_stride = dict(axes)
    lengths = [1] * len(base.sizes)
    order = []
    for n, s in zip(info.sizes, info.strides, strict=True):
        if n == 1 or s == 0:
            continue
        place = by_stride.get(s)
        if place is None or lengths[place] != 1:
            return None
        lengths[place] = n
        order.append(place)
    stops = tuple(a + n for a, n in zip(starts, lengths, strict=True))
    if any(stop > n for stop, n in zip(stops, base.sizes, strict=True)):
        return None
    return Fit(base.sizes, tuple(starts), stops, tuple(order), info.sizes)


def _fit_axes(
    info: TensorInfo, axes: list[tuple[int, int, int]], shape: tuple[int, ...], starts: list[int]
) -> Fit | None:
    stops = []
    for position, start in enumerate(starts):
        length = axes[position][1] if position < len(axes) else 1
        if start + length > shape[position]:
            return None
        stops.append(start + length)
    place = {axis: position for position, (_, _, axis) in enumerate(axes)}
    order = tuple(place[i] for i in range(len(info.sizes)) if i in place)
    return Fit(shape, tuple(starts), tuple(stops), order, info.sizes)
