"""NumPy's functions one by one: the program gives what NumPy gives for signs, ties, infinities and NaN too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from leapp_core.errors import CaptureError
from leapp_core.tracing.session import capture

Call = Callable[[Any, Any], Any]
NAN, INF = np.nan, np.inf
UNSEEN: list[tuple[list[float], list[float]]] = [
    ([0, -0.0, 1, -1, 2, 2], [0, 0, 1, -1, 2, -2]),
    ([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5], [0.5, -0.5, 1.5, -1.5, 3, -3]),
    ([NAN, 1, -1, NAN, 2, 0], [1, NAN, -1, NAN, 0, 2]),
    ([INF, -INF, 1, -1, 0, INF], [-1, 1, INF, -INF, INF, INF]),
    ([1, 1, 1, 1, 1, 1], [3, 1, 2, 3, 1, 2]),
    ([5, -7, 3.25, -3.25, 100, -100], [-3, 2, -2, 0.7, -0.3, 1e-3]),
]
"""Values that no recorded step has."""


def whole(a: Any) -> Any:
    """Whole numbers of both signs, with ties."""
    return np.nan_to_num(a * 4, nan=3, posinf=9, neginf=-9).astype(np.int32)


def rows(a: Any) -> Any:
    return a.reshape(2, 3)


def area() -> Any:
    return getattr(np, "trapezoid", None) or np.trapz


ELEMENTS: dict[str, Call] = {
    "modf": lambda a, b: np.stack(np.modf(a)),
    "modf of whole numbers": lambda a, b: np.stack(np.modf(whole(a))),
    "sign": lambda a, b: np.sign(a),
    "sign of whole numbers": lambda a, b: np.sign(whole(a)),
    "heaviside": lambda a, b: np.heaviside(a, b),
    "heaviside with a number": lambda a, b: np.heaviside(a, 0.5),
    "fix": lambda a, b: np.fix(a),
    "full": lambda a, b: np.full(3, a[0]) + np.full((2, 3), fill_value=b[:3]),
    "linspace": lambda a, b: np.linspace(a, b, 4),
    "linspace without its end": lambda a, b: np.linspace(a[0], 2.0, 4, endpoint=False),
    "interp": lambda a, b: np.interp(a, [-1.0, 0.0, 1.0], [0.0, 2.0, 3.0]),
    "interp with ends": lambda a, b: np.interp(a, [-1.0, 0.0, 1.0], [0.0, 2.0, 3.0], left=-5, right=7),
    "interp of one point": lambda a, b: np.interp(a, [0.5], [2.0]),
    "polyval": lambda a, b: np.polyval([1, 2, 3], a),
    "polyval of whole numbers": lambda a, b: np.polyval([1, 2], whole(a)),
    "polyval of computed coefficients": lambda a, b: np.polyval(a[:3], b),
    "polyval at a number": lambda a, b: np.polyval(a[:3], 3.0)[None],
}
ORDER: dict[str, Call] = {
    "digitize": lambda a, b: np.digitize(a, np.array([-1.0, 0.0, 1.0])),
    "digitize right": lambda a, b: np.digitize(a, [-1, 0, 1], right=True),
    "digitize falling": lambda a, b: np.digitize(a, np.array([1.0, 0.0, -1.0])),
    "digitize falling right": lambda a, b: np.digitize(a, np.array([1.0, 0.0, -1.0]), right=True),
    "digitize between floats": lambda a, b: np.digitize(a, [-0.7, 0.7]),
    "digitize of whole numbers": lambda a, b: np.digitize(whole(a), [-1, 0, 1]),
    "searchsorted": lambda a, b: np.searchsorted(np.array([-1.0, 0.0, 0.0, 1.0]), a),
    "searchsorted right": lambda a, b: np.searchsorted(np.array([-1.0, 0.0, 0.0, 1.0]), a, side="right"),
    "searchsorted among NaN": lambda a, b: np.sort(a).searchsorted(b),
    "searchsorted among NaN right": lambda a, b: np.sort(a).searchsorted(b, side="right"),
    "sort": lambda a, b: np.sort(rows(a), axis=0),
    "argsort stable": lambda a, b: np.argsort(a, kind="stable"),
    "argmax": lambda a, b: np.argmax(rows(a), axis=1),
    "argmin": lambda a, b: np.argmin(a)[None],
    "clip": lambda a, b: np.clip(a, -np.abs(b), 0.7),
    "select": lambda a, b: np.select([a > 1, a > 0], [a, b], default=-1),
    "where": lambda a, b: np.where(np.isnan(a), b, a),
}
STATISTICS: dict[str, Call] = {
    "median": lambda a, b: np.median(a)[None],
    "median of an odd count": lambda a, b: np.median(rows(a), axis=1),
    "median kept": lambda a, b: np.median(rows(a), axis=0, keepdims=True),
    "median of whole numbers": lambda a, b: np.median(whole(a))[None],
    "percentile": lambda a, b: np.percentile(a, [0, 10, 50, 90, 100]),
    "percentile along an axis": lambda a, b: np.percentile(rows(a), [25, 75], axis=1),
    "percentile of whole numbers": lambda a, b: np.percentile(whole(a), 40)[None],
    "percentile in double precision": lambda a, b: np.percentile(a.astype(np.float64), [5, 95]),
    "quantile": lambda a, b: np.quantile(rows(a), 0.3, axis=0, keepdims=True),
    "nanmean": lambda a, b: np.nanmean(rows(a), axis=1),
    "cov": lambda a, b: np.cov(rows(a)),
    "cov of columns": lambda a, b: np.cov(rows(a), rowvar=False),
    "cov with bias": lambda a, b: np.cov(rows(a), bias=True),
    "cov of one": lambda a, b: np.cov(a)[None],
    "max, min": lambda a, b: np.stack([np.max(a), np.min(a), np.ptp(a)]),
}
SHAPES: dict[str, Call] = {
    "meshgrid": lambda a, b: np.stack(np.meshgrid(a, b)),
    "meshgrid ij": lambda a, b: np.stack(np.meshgrid(a[:2], b[:3], [1.0, 0.1], indexing="ij")),
    "insert": lambda a, b: np.insert(a, 1, 0.5),
    "insert at the end": lambda a, b: np.insert(a, 6, b[0]),
    "insert several": lambda a, b: np.insert(a, -2, b[:2]),
    "insert a row": lambda a, b: np.insert(rows(a), 1, b[:3], axis=0),
    "insert a column": lambda a, b: np.insert(rows(a), -1, b[:2], axis=1),
    "insert into whole numbers": lambda a, b: np.insert(whole(a), 1, 2.7),
    "delete": lambda a, b: np.delete(a, -1),
    "delete several": lambda a, b: np.delete(a, [0, 2]),
    "delete a slice": lambda a, b: np.delete(a, np.s_[::2]),
    "delete a column": lambda a, b: np.delete(rows(a), 1, axis=1),
    "block": lambda a, b: np.block([[rows(a), rows(b)], [np.zeros((1, 3)), np.ones((1, 3))]]),
    "block of numbers": lambda a, b: np.block([a, 0.1, b]),
    "unwrap": lambda a, b: np.unwrap(a * 3),
    "unwrap at half a turn": lambda a, b: np.unwrap(a * np.pi),
    "unwrap of another period": lambda a, b: np.unwrap(a * 3, period=2.0),
    "unwrap from a jump on": lambda a, b: np.unwrap(a * 3, discont=4.0),
    "unwrap along an axis": lambda a, b: np.unwrap(rows(a) * 3, axis=0),
    "trapezoid": lambda a, b: area()(rows(a), dx=0.1, axis=0),
    "trapezoid over points": lambda a, b: area()(rows(a), rows(b), axis=1),
    "trapezoid of whole numbers": lambda a, b: area()(whole(a))[None],
    "convolve": lambda a, b: np.convolve(a, b),
    "convolve same": lambda a, b: np.convolve(a, [0.25, 0.5, 0.2, 0.1], mode="same"),
    "convolve same, odd": lambda a, b: np.convolve(np.array([1.0, -2.0, 0.5]), b, mode="same"),
    "convolve valid": lambda a, b: np.convolve(a, b[:2], mode="valid"),
    "convolve whole numbers": lambda a, b: np.convolve(whole(a), [1, -1]),
    "multi_dot": lambda a, b: np.linalg.multi_dot([a[:2], rows(b), np.outer(b[:3], b[:3]), a[3:]])[None],
}


def recorded_steps(calls: dict[str, Call]) -> Any:
    """Return the program of all calls, recorded with values that are neither special nor equal."""
    generator = torch.Generator().manual_seed(3)
    with capture("g") as session:
        for _ in range(4):
            a, b = (torch.randn(6, generator=generator) for _ in range(2))
            session.input_tensors("node", {"a": a, "b": b})
            made = {name: torch.from_numpy(np.ascontiguousarray(f(a.numpy(), b.numpy()))) for name, f in calls.items()}
            session.output_tensors("node", {f"y{i}": y for i, y in enumerate(made.values())})
    return session.compile().programs["node"].exported.module()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy warns of NaN and infinities
@pytest.mark.parametrize(
    "calls",
    [
        pytest.param(ELEMENTS, id="elements"),
        pytest.param(ORDER, id="order"),
        pytest.param(STATISTICS, id="statistics", marks=pytest.mark.slow),
        pytest.param(SHAPES, id="shapes", marks=pytest.mark.slow),
    ],
)
def test_program_gives_what_numpy_gives_for_values_not_recorded(calls: dict[str, Call]) -> None:
    program = recorded_steps(calls)
    for values in UNSEEN:
        a, b = (np.array(v, dtype=np.float32) for v in values)
        outputs = program(torch.from_numpy(a.copy()), torch.from_numpy(b.copy()))
        for (name, call), output in zip(calls.items(), outputs, strict=True):
            expected = np.ascontiguousarray(call(a.copy(), b.copy()))
            assert output.numpy().dtype == expected.dtype, name
            np.testing.assert_allclose(output.numpy(), expected, rtol=1e-5, atol=1e-6, err_msg=f"{name}: {a}, {b}")


def test_a_constant_fill_value_from_an_input_is_not_a_constant() -> None:
    with capture("g") as session:
        for step in range(4):
            x, q = torch.ones(3), torch.arange(3.0) + step
            session.input_tensors("node", {"x": x, "q": q})
            session.output_tensors("node", {"y": torch.from_numpy(q.numpy() * np.full(3, x.numpy()[0]))})
    program = session.compile().programs["node"].exported.module()
    torch.testing.assert_close(program(torch.full((3,), 5.0), torch.ones(3))[0], torch.full((3,), 5.0))


NO_TWIN: dict[str, Call] = {
    "quantile": lambda a, b: np.quantile(rows(a), 0.3, axis=0, method="lower"),
    "percentile": lambda a, b: np.percentile(a, [np.abs(b[0])]),
    "insert": lambda a, b: np.insert(a, [1, 3], [7.0, 8.0]),
    "delete": lambda a, b: np.delete(a, np.array([True, False, False, True, False, False])),
    "interp": lambda a, b: np.interp(a, [-9.0, 0.0, 9.0, 10.0], [0.0, 2.0, 3.0, np.inf]),
    "searchsorted": lambda a, b: np.searchsorted(a, b, sorter=np.argsort(a)),
    "cov": lambda a, b: np.cov(a, b),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "function", [pytest.param(n, marks=[pytest.mark.slow] if i else []) for i, n in enumerate(NO_TWIN)]
)
def test_forms_without_a_twin_are_refused_by_name(function: str) -> None:
    with pytest.raises(CaptureError, match=rf"a result of numpy\.{function}, which cannot be recorded"):
        recorded_steps({function: NO_TWIN[function]})
