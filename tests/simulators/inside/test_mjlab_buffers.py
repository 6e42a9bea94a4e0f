"""Runs in mjlab's environment: the tensor-only buffers hold what mjlab's own hold, step for step."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("mjlab")

from mjlab.utils.buffers import CircularBuffer, DelayBuffer

from leapp_rsl_rl.environments.mjlab.buffers import FixedDelay, ShiftingHistory


@pytest.mark.parametrize("length", [1, 2, 5])
@pytest.mark.parametrize("shape", [(3,), (2, 2)])
def test_history(length, shape):
    torch.manual_seed(length)
    ours, theirs = ShiftingHistory(length, 4, "cpu"), CircularBuffer(length, 4, "cpu")
    for step in range(20):
        frame = torch.randn(4, *shape)
        ours.append(frame)
        theirs.append(frame)
        assert torch.equal(ours.buffer, theirs.buffer)
        assert torch.equal(ours.current_length, theirs.current_length)
        if step % 7 == 3:
            ours.reset([1, 2])
            theirs.reset([1, 2])
        if step % 7 == 5:
            ours.backfill(frame + 1, torch.tensor([3]))
            theirs.backfill(frame + 1, torch.tensor([3]))
            assert torch.equal(ours.buffer, theirs.buffer)


@pytest.mark.parametrize("lag", [1, 2, 4])
def test_delay(lag):
    ours, theirs = FixedDelay(lag, 3, "cpu"), DelayBuffer(lag, lag, batch_size=3)
    for step in range(15):
        frame = torch.full((3, 2), float(step))
        ours.append(frame)
        theirs.append(frame)
        assert torch.equal(ours.compute(), theirs.compute())
        if step == 8:
            ours.reset(None)
            theirs.reset(None)


def test_history_is_empty_before_the_first_frame():
    with pytest.raises(RuntimeError, match="append a frame first"):
        _ = ShiftingHistory(2, 1, "cpu").buffer
