"""NumPy between tensors: the user's results stay bit-identical, and the program computes the same on fresh inputs."""

from __future__ import annotations

import copy
import pickle
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from leapp_core.errors import CaptureError
from leapp_core.tracing.result import CapturedPipeline
from leapp_core.tracing.session import capture
from tests.capture.assembled import Assembled
from tests.tiers import spread

GRAVITY = np.array([0.0, 0.0, -9.81], dtype=np.float32)
TABLE_X = np.linspace(-2.0, 2.0, 9)
TABLE_Y = np.sin(TABLE_X)
MATRIX = torch.linspace(-1, 1, 12).reshape(4, 3)
Step = Callable[[Any, torch.Tensor], torch.Tensor]


class Memory:
    """What a program keeps between steps."""

    def __init__(self) -> None:
        self.last = np.zeros(3, dtype=np.float32)
        self.history = np.zeros((2, 3), dtype=np.float32)
        self.count = np.zeros(1, dtype=np.int64)
        self.generator = np.random.default_rng(0)
        self.frames = deque([np.zeros(3, dtype=np.float32)] * 3, maxlen=3)
        self.calls = 0


def inputs(count: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(3, generator=generator) for _ in range(count)]


def ufuncs(m: Any, x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    b = np.sin(a) * 2.0 + np.clip(a, -1, 1) ** 2 - np.sqrt(np.abs(a)) + np.arctan2(a, 0.5) + np.hypot(a, a) % 0.7
    return torch.from_numpy(np.exp(-b) / (1 + np.float32(3)) - np.maximum(b, 0.1) + np.deg2rad(a) // 0.01)


def double_precision(m: Any, x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    return torch.from_numpy(a * np.float64(0.1) + a.astype(np.float64) * np.array([1.0, 2.0, 3.0]))


def integers(m: Any, x: torch.Tensor) -> torch.Tensor:
    k = (x.numpy() * 10).astype(np.int64)
    return torch.from_numpy((k // 3) * 2 + k % 4 - (k > 0) + (k & 3))


def constant_array(m: Any, x: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(x.numpy() + GRAVITY)


def literal_array(m: Any, x: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(x.numpy() * np.array([1.0, 2.0, 3.0], dtype=np.float32))


def joining(m: Any, x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    b = np.concatenate([a, a * 2, np.zeros(2, np.float32)])
    c = np.stack([a, a + 1]).reshape(-1)
    return torch.from_numpy(np.hstack([b, c, np.tile(a, 2), np.roll(a, 1), np.flip(a), np.repeat(a, 2)]))


def interpolation(m: Any, x: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(np.interp(x.numpy(), TABLE_X, TABLE_Y).astype(np.float32))


def choosing(m: Any, x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    return torch.from_numpy(np.where(a > 0, a, 0.1 * a) + np.where((a > 0.5) | (a < -1), 1.0, 0.0).astype(np.float32))


def norm(m: Any, x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    return torch.from_numpy(a / np.linalg.norm(a) + np.linalg.norm(a[:2], axis=-1, keepdims=True))


def reductions(m: Any, x: torch.Tensor) -> torch.Tensor:
    a = np.outer(x.numpy(), [1.0, 2.0])
    parts = [a.sum(axis=0), a.mean(axis=0), a.std(0), a.max(axis=1), np.min(a, axis=1), np.cumsum(a), np.sum(a)[None]]
    return torch.from_numpy(np.concatenate(parts))


def scalars(m: Any, x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    total = a.sum() + a[0] * 2 - 1 / (abs(a[1]) + 1)
    total += a.max() ** 2
    return torch.from_numpy(a * total - a.mean())


def in_place(m: Any, x: torch.Tensor) -> torch.Tensor:
    a = x.numpy().copy()
    a[0] = 1.0
    a[1:] += a[:2]
    a *= 2
    np.add(a, 1, out=a)
    a[:2] = a[1:]
    b = a[None]
    b[0, 2] = a[0]
    a[::-1][0] += 3
    a.fill(2.0) if a.size == 0 else None
    return torch.from_numpy(a)


def writes_into_the_tensor(m: Any, x: torch.Tensor) -> torch.Tensor:
    y = x.clone()
    a = y.numpy()
    a[0] = 5
    y.mul_(2)
    a[1] = a[2] + a[0]
    return y * 2


def masks(m: Any, x: torch.Tensor) -> torch.Tensor:
    a = x.numpy().copy()
    a[a < 0] = 0
    a[[0, 2]] += a[np.array([1, 1])]
    return torch.from_numpy(a)


def buffer_like(m: Any, x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    b = np.zeros(6, dtype=np.float32, like=a)
    b[:3] = a
    b[3:] = a * 2
    return torch.from_numpy(b)


def packed(m: Any, x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    return torch.tensor([a[0], np.cos(a[1]), 2.0]) + torch.tensor(a) + torch.as_tensor(a * 2)


def matrices(m: Any, x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    w = MATRIX.numpy()
    return torch.from_numpy(w @ a + np.dot(w, a) + np.einsum("ij,j->i", w, np.cross(a, GRAVITY)))


def plain_buffer(m: Any, x: torch.Tensor) -> torch.Tensor:
    buffer = np.zeros(6, np.float32)
    buffer[:3] = x.numpy()
    buffer[3:5] = np.asarray(x)[1:] * np.full(2, 3.0)
    return torch.from_numpy(buffer) * torch.from_numpy(np.ones(6, np.float32))


def arrays_of_numbers(m: Any, x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    angle = np.arctan2(a[0], a[1])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return torch.from_numpy(turn @ a[:2] + np.array(a[1:], dtype=np.float32) + np.asarray([a[0], 1], np.float32))


def asarray_of_tensors(m: Any, x: torch.Tensor) -> torch.Tensor:
    a = np.asarray(x)
    b = np.array(a, dtype=np.float64)
    b[0] = 7
    return torch.as_tensor(np.where(a > 0, a, 0.1 * a)) + torch.from_numpy(np.ascontiguousarray(b[::-1]))


def kept_by_reference(m: Any, x: torch.Tensor) -> torch.Tensor:
    m.last = np.float32(0.9) * m.last + x.numpy()
    return torch.from_numpy(m.last.copy())


def kept_in_place(m: Any, x: torch.Tensor) -> torch.Tensor:
    np.copyto(m.last, x.numpy() * 0.5 + m.last)
    return torch.from_numpy(m.last).clone()


def counter_in_numpy(m: Any, x: torch.Tensor) -> torch.Tensor:
    m.count += 1
    return torch.from_numpy(x.numpy() * m.count)


def kept_by_augmented_assignment(m: Any, x: torch.Tensor) -> torch.Tensor:
    m.last += x.numpy()
    return torch.from_numpy(m.last * 2)


def history(m: Any, x: torch.Tensor) -> torch.Tensor:
    m.history = np.concatenate([m.history[1:], x.numpy()[None]])
    return torch.from_numpy(m.history.ravel())


def parts(m: Any, x: torch.Tensor) -> torch.Tensor:
    fraction, whole = np.modf(x.numpy() * 3)
    return torch.from_numpy(np.concatenate([fraction, whole]))


def grids(m: Any, x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    across, down = np.meshgrid(a, a[:2] * 2)
    first, second = np.meshgrid(a, a[:2], indexing="ij")
    return torch.from_numpy(np.stack([across, down, first.T, second.T]))


def statistics(m: Any, x: torch.Tensor) -> torch.Tensor:
    rows = np.stack([x.numpy(), np.cos(x.numpy()), x.numpy() * 2, np.sin(x.numpy())])
    middle = np.concatenate([np.median(rows, axis=0), [np.median(rows[:3]), np.nanmean(rows)]])
    places = np.concatenate([np.percentile(rows, [10, 50, 90], axis=0).ravel(), np.quantile(rows, [0.3])])
    return torch.from_numpy(
        np.concatenate([middle, places.astype(np.float32), np.cov(rows).ravel().astype(np.float32)])
    )


def edited(m: Any, x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    longer = np.insert(a, 1, 0.5)
    return torch.from_numpy(np.block([[longer, np.delete(a, 0)], [np.delete(a, [0, 2]), np.insert(longer, -1, 2.0)]]))


def curves(m: Any, x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    bins = np.digitize(a, np.array([-1.0, 0.0, 1.0])).astype(np.float64)
    area = getattr(np, "trapezoid", None) or np.trapz
    smooth = np.unwrap(np.array([3.0, 0.0, -3.0]) + a * 0.1)
    return torch.from_numpy(np.concatenate([np.polyval([1.0, -2.0, 0.5], a), bins, smooth, [area(a)]]))


def rotated(a: Any, v: Any) -> Any:
    return np.cross(a, v) + v * (2 * a[0] * a[0] - 1)


def constants_in_calls(m: Any, x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    solved = np.linalg.inv(np.diag(a) + np.eye(3) * 9) @ np.linspace(0.0, 1.0, 3)
    return torch.from_numpy(rotated(a, np.array([0.0, 0.0, -1.0])) + solved * np.arange(3))


def frames_stacked(m: Any, x: torch.Tensor) -> torch.Tensor:
    m.frames.append(x.numpy())
    return torch.from_numpy(np.stack(m.frames).mean(axis=0))


def frames_as_array(m: Any, x: torch.Tensor) -> torch.Tensor:
    m.frames.append(x.numpy() * 2)
    return torch.from_numpy(np.array(m.frames).flatten())


def history_written_by_index(m: Any, x: torch.Tensor) -> torch.Tensor:
    m.history[:-1] = m.history[1:]
    m.history[-1] = x.numpy()
    return torch.from_numpy(m.history.reshape(-1) * 1)


def escaped_float(m: Any, x: torch.Tensor) -> torch.Tensor:
    return x * float(x.numpy()[0])


EXACT: list[Step] = [
    escaped_float,
    ufuncs, double_precision, integers, constant_array, literal_array, joining, interpolation, choosing, norm,
    reductions, scalars, in_place, writes_into_the_tensor,
    masks, buffer_like, plain_buffer, arrays_of_numbers, asarray_of_tensors, packed, matrices, kept_by_reference,
    kept_in_place, kept_by_augmented_assignment, history, parts, grids, statistics, edited, curves, constants_in_calls,
    frames_stacked, frames_as_array, history_written_by_index, counter_in_numpy,
]  # fmt: skip


def captured(step: Step, count: int = 5) -> tuple[CapturedPipeline, list[torch.Tensor], Memory]:
    memory, results = Memory(), []
    with capture("g") as session:
        for x in inputs(count):
            session.input_tensors("node", {"x": x})
            y = step(memory, x)
            session.output_tensors("node", {"y": y})
            results.append(y.clone())
    return session.compile(), results, memory


@pytest.mark.parametrize("step", spread(EXACT, quick=36), ids=lambda f: f.__name__)
def test_program_on_fresh_inputs_and_user_results_bit_for_bit(step: Step) -> None:
    memory = Memory()
    expected = [step(memory, x).clone() for x in inputs(12)]
    pipeline, results, _ = captured(step)
    for mine, its in zip(results, expected, strict=False):
        assert mine.dtype == its.dtype
        assert torch.equal(mine, its)
    program = pipeline.programs["node"].exported.module()
    state = list(pipeline.initial_values.values())
    for x, y in zip(inputs(12), expected, strict=True):
        out = program(x, *state)
        state = list(out[1:])
        torch.testing.assert_close(out[0], y, rtol=2e-5, atol=2e-6)


def test_state_and_types_left_behind_are_the_same() -> None:
    memory = Memory()
    for x in inputs(5):
        kept_by_reference(memory, x)
        history(memory, x)
    _, _, mine = captured(lambda m, x: kept_by_reference(m, x) + history(m, x)[:3])
    for name in ("last", "history", "count"):
        a, b = getattr(mine, name), getattr(memory, name)
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
        assert isinstance(a, np.ndarray)


def test_arrays_kept_after_the_session_are_arrays_like_any_other() -> None:
    kept: list[Any] = []

    def step(m: Any, x: torch.Tensor) -> torch.Tensor:
        a = x.numpy()
        kept[:] = [a * 2, a.sum(), a[0] > 0]
        return torch.from_numpy(kept[0] + 1)

    captured(step)
    array, scalar, flag = kept
    assert type(array + 1) is np.ndarray
    assert type(array.mean()) is np.float32
    assert type(scalar * 2) is np.float32
    assert type(pickle.loads(pickle.dumps(array))) is np.ndarray
    assert type(pickle.loads(pickle.dumps(scalar))) is np.float32
    assert type(copy.deepcopy(array)) is np.ndarray
    assert repr(array) == repr(np.asarray(array))
    assert f"{scalar:.3f}" == f"{np.float32(scalar):.3f}"
    assert {scalar: 1}[np.float32(scalar)] == 1
    assert bool(flag) is bool(np.asarray(flag))
    assert torch.from_numpy(array).sum() == torch.from_numpy(np.asarray(array)).sum()


def test_numpy_sees_carried_scalars_as_its_own() -> None:
    def step(m: Any, x: torch.Tensor) -> torch.Tensor:
        a = x.numpy()
        s = a.sum()
        assert isinstance(s, np.float32)
        assert isinstance((a.astype(np.float64)).sum(), float)
        assert np.array([s, a[0]]).dtype == np.float32
        buffer = np.zeros(2)
        buffer[0] = s
        assert buffer[0] == s
        assert round(s, 1) == round(np.float32(s), 1)
        assert (torch.ones(2) * s).dtype == torch.float32
        return torch.from_numpy(a * s)

    captured(step)


def unknown_function(m: Any, x: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(np.lexsort((x.numpy(), x.numpy() * 2)) * 2)


def unknown_write(m: Any, x: torch.Tensor) -> torch.Tensor:
    a = x.numpy().copy()
    np.putmask(a, a > 0, a * 2)
    return torch.from_numpy(a)


def branch_never_taken(m: Any, x: torch.Tensor) -> torch.Tensor:
    a = x.numpy()
    if a[0] > 100:
        a = a * 2
    return torch.from_numpy(a + 1)


def applied_to_tensors(m: Any, x: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(np.asarray(list(x.tolist())) + 1)


def written_through_flat(m: Any, x: torch.Tensor) -> torch.Tensor:
    a = x.numpy().copy()
    a.flat[0] = 3
    return torch.from_numpy(a)


def filled_by_compiled_code(m: Any, x: torch.Tensor) -> torch.Tensor:
    fresh = m.generator.standard_normal(3).astype(np.float32)
    return x + torch.from_numpy(fresh)


def array_changed_by_a_late_counter(m: Any, x: torch.Tensor) -> torch.Tensor:
    m.calls += 1
    return torch.from_numpy(x.numpy() * np.array([m.calls // 100, 1.0, 2.0]))


def range_changed_by_a_late_counter(m: Any, x: torch.Tensor) -> torch.Tensor:
    m.calls += 1
    return torch.from_numpy(x.numpy() * np.linspace(0.0, 1.0 + float(m.calls > 50), 3))


def array_changed_in_each_step(m: Any, x: torch.Tensor) -> torch.Tensor:
    m.calls += 1
    return torch.from_numpy(x.numpy() * np.array([m.calls * 0.1, 1.0, 2.0]))


REFUSED: list[tuple[Step, str]] = [
    (unknown_function, r"a result of numpy\.lexsort, which cannot be recorded, at .*test_numpy\.py:\d+"),
    (unknown_write, r"a result of numpy\.putmask, which cannot be recorded"),
    (branch_never_taken, r"a truth value .*(\n.*)*test_numpy\.py:\d+: if a\[0\] > 100"),
    (applied_to_tensors, r"changes from step to step: .*(\n.*)*test_numpy\.py:\d+: .*np\.asarray\(list"),
    (written_through_flat, "replaying the captured steps"),
    (filled_by_compiled_code, "undeclared input"),
    (array_changed_by_a_late_counter, r"m\.calls changes from step to step and decides what is computed"),
    (range_changed_by_a_late_counter, r"m\.calls changes from step to step and decides what is computed"),
    (array_changed_in_each_step, "a Python value given to a conversion changes from step to step"),
]


@pytest.mark.parametrize(("step", "match"), spread(REFUSED, quick=16), ids=lambda f: getattr(f, "__name__", ""))
def test_what_cannot_be_recorded_is_refused(step: Step, match: str) -> None:
    with pytest.raises(CaptureError, match=match):
        captured(step)


def test_an_exception_in_user_code_leaves_numpy_as_it_was() -> None:
    before = {name: getattr(np, name) for name in ("add", "zeros", "array", "asarray", "full")}
    kept: list[Any] = []

    def fail(m: Any, x: torch.Tensor) -> torch.Tensor:
        kept.append(x.numpy())
        return x / (1 // 0)

    with pytest.raises(ZeroDivisionError, match="division"):
        captured(fail)
    assert all(getattr(np, name) is function for name, function in before.items())
    assert type(kept[0] * 2) is np.ndarray
    assert type(torch.ones(2).numpy()) is np.ndarray


def test_cube_roots_of_negative_numbers_that_the_recording_did_not_show():
    session = capture("roots", "unused")
    with session:
        for number in (0.2, 0.9, 1.7):
            a = session.input_tensors("p", {"a": np.full(3, number)})
            session.output_tensors("p", {"y": np.cbrt(a)})
    values = np.array([-8.0, 0.0, 27.0])
    got = Assembled(session.compile())({"p/a": torch.from_numpy(values)})["p/y"]
    np.testing.assert_allclose(np.asarray(got), np.cbrt(values), rtol=1e-15)
