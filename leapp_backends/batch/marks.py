"""Where the batch axis of a tensor is, found by giving it a size that nothing else in a program has."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

PROBE = 1_000_003
"""Stand-in for the batch size while shapes are followed: a prime that no size of a policy is a multiple of."""


def tensors(value: Any) -> Iterator[torch.Tensor]:
    """Yield the tensors in the result of a call."""
    import torch

    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from tensors(item)


def batch_axis(tensor: torch.Tensor) -> int | None:
    """Return the axis whose size is a multiple of the probe, or ``None`` for a tensor that all rows share."""
    return next((axis for axis, size in enumerate(tensor.shape) if size and size % PROBE == 0), None)


def agree(one_row: Any, many_rows: Any) -> bool:
    """Return whether results differ at most by one axis that is :data:`PROBE` times larger, in each tensor."""
    single, several = list(tensors(one_row)), list(tensors(many_rows))
    return len(single) == len(several) and all(map(_agree, single, several))


def _agree(single: torch.Tensor, several: torch.Tensor) -> bool:
    if single.dim() != several.dim():
        return False
    larger = [axis for axis, sizes in enumerate(zip(single.shape, several.shape, strict=True)) if sizes[0] != sizes[1]]
    return len(larger) <= 1 and all(several.shape[axis] == single.shape[axis] * PROBE for axis in larger)


def view_targets(before: Sequence[int], axis: int, inside: int, after: Sequence[int]) -> list[tuple[int, int]]:
    """Return where the batch axis can go in a reshaped tensor, likeliest first.

    Args:
        before: Sizes before, for one row.
        axis: Batch axis before.
        inside: How many of that axis's own entries are in front of the batch (1 unless the batch was merged behind
            others into one axis).
        after: Sizes after, for one row.

    Returns:
        Pairs of axis and ``inside`` after. Entries in front of the batch stay in front, or rows would be mixed:
        ``(1, 12) -> (1, 3, 4)``: axis 0.
        ``(4, 1, 8) -> (4, 2, 4)``: axis 1, of size ``batch * 2``, or axis 0, of size ``4 * batch``.
    """
    in_front = math.prod(before[:axis]) * inside
    found = []
    for at, size in enumerate(after):
        first = math.prod(after[:at])
        if first and in_front % first == 0 and size and size % (in_front // first) == 0:
            found.append((at, in_front // first))
    return sorted(found, key=lambda target: (after[target[0]] != 1, target[1] != 1, target[0] != axis, target[0]))
