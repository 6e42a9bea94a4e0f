"""Inputs drawn for validation."""

from __future__ import annotations

import numpy as np
import pytest

from leapp_core.export.fresh import STEPS, fresh_inputs
from leapp_core.spec.dtypes import DTYPES, is_floating, numpy_dtype
from leapp_core.spec.names import PortRef
from leapp_core.validation.episodes import Episode, Step

REF = PortRef("policy", "x")


def draw(*values: object, dtype: str = "float32", seed: int = 0) -> dict[str, list[np.ndarray]]:
    steps = tuple(Step({REF: np.array(value, numpy_dtype(dtype))}, {}) for value in values)
    drawn = fresh_inputs(Episode("replay", steps), (REF,), np.random.default_rng(seed))
    return {name: [step[REF] for step in steps] for name, steps in drawn.items()}


@pytest.mark.parametrize("dtype", sorted(DTYPES))
def test_shape_and_dtype_are_those_captured_and_all_is_finite(dtype: str) -> None:
    for steps in draw([[0, 1]], [[1, 1]], dtype=dtype).values():
        assert len(steps) == STEPS
        for value in steps:
            assert value.shape == (1, 2)
            assert value.dtype == numpy_dtype(dtype)
            assert np.isfinite(value.astype(np.float64)).all()


def test_edges_and_magnitudes_are_covered() -> None:
    drawn = draw([[0.5, -2.0]], [[1.5, -2.0]])
    assert not np.any(drawn["zeros"])
    np.testing.assert_array_equal(drawn["negative"][0], np.array([[-0.5, 2.0]], np.float32))
    assert np.abs(np.array(drawn["near"])[..., 0] - 1.0).max() <= 1.0
    magnitudes = np.abs(np.array(drawn["wide"]))
    assert magnitudes.min() < 0.5
    assert magnitudes.max() > 50
    assert np.abs(np.array(drawn["large"])).max() > 10


def test_an_input_that_never_moved_is_moved() -> None:
    assert np.ptp(np.array(draw([[0.0]], [[0.0]])["near"])) > 0.1


@pytest.mark.parametrize("dtype", [name for name in sorted(DTYPES) if not is_floating(name) and name != "bool"])
def test_whole_numbers_may_be_indices_and_stay_within_what_was_seen(dtype: str) -> None:
    top = np.iinfo(dtype).max
    for steps in draw([2, 5], [3, 4], dtype=dtype).values():
        assert {int(n) for value in steps for n in value} <= {2, 3, 4, 5}
    for steps in draw([top], [top - 1], dtype=dtype).values():
        assert {int(value[0]) for value in steps} <= {top, top - 1}


def test_equal_seeds_draw_equal_inputs_and_nothing_captured_is_fine() -> None:
    one, two = draw([[1.0]], seed=3), draw([[1.0]], seed=3)
    assert all(np.array_equal(a, b) for name in one for a, b in zip(one[name], two[name], strict=True))
    assert draw(np.zeros((0, 3)))["near"][0].shape == (0, 3)
    assert np.isfinite(draw([[np.nan, np.inf]])["jittered"][0]).all()
