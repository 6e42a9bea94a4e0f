from __future__ import annotations

import numpy as np
import pytest

from leapp_core.compare import Tolerance, compare_arrays, element_name, same_tolerance
from leapp_core.spec.port import TEMPORAL_AXIS, PortSpec

PORT = PortSpec("x", "float32", (1, 3), element_names=(("hip", "left_knee", "ankle"),))


def array(*values: float) -> np.ndarray:
    return np.array([values], np.float32)


def test_the_worst_element_is_named() -> None:
    result = compare_arrays(array(1, 2, 3), array(1, 2.5, 3.1), PORT)
    assert not result.ok
    assert (result.element, result.index, result.count, result.size) == ("left_knee", (0, 1), 2, 3)
    assert (result.expected, result.found, result.max_error) == (2.0, 2.5, 0.5)
    assert "element left_knee: expected 2, found 2.5 (difference 0.5, tolerance 3e-05; 2 of 3 differ)" in str(result)


def test_tolerance_goes_by_dtype_and_can_be_set() -> None:
    assert compare_arrays(array(1, 2, 3), array(1, 2, 3.00003), PORT).ok
    assert not compare_arrays(array(1, 2, 3), array(1, 2, 3.00003), PORT, {"float32": Tolerance(0, 0)}).ok
    assert compare_arrays(array(1, 2, 3), array(1, 2.5, 3), PORT, same_tolerance(1.0, 0.0)).ok
    whole = PortSpec("n", "int64", (1,))
    assert not compare_arrays(np.array([2**60]), np.array([2**60 + 1]), whole).ok
    assert not compare_arrays(np.array([True]), np.array([False]), PortSpec("b", "bool", (1,))).ok


def test_nan_equals_nan_and_infinity_itself_only() -> None:
    nan, inf = float("nan"), float("inf")
    assert compare_arrays(array(nan, inf, -inf), array(nan, inf, -inf), PORT).ok
    assert not compare_arrays(array(nan, 1, 1), array(1, 1, 1), PORT).ok
    assert not compare_arrays(array(inf, 1, 1), array(-inf, 1, 1), PORT).ok
    assert not compare_arrays(array(3e38, 1, 1), array(inf, 1, 1), PORT).ok


def test_slack_adds_to_the_tolerance_and_may_be_anything() -> None:
    assert compare_arrays(array(1, 2, 3), array(1, 2.5, 3), PORT, slack=array(0, 0.6, 0)).ok
    assert not compare_arrays(array(1, 2, 3), array(1, 2.5, 3), PORT, slack=array(0.6, 0, 0)).ok
    assert compare_arrays(array(1, 2, 3), array(1, float("inf"), 3), PORT, slack=array(0, float("inf"), 0)).ok


def test_another_shape_or_dtype_is_said_so() -> None:
    assert str(compare_arrays(array(1), array(1, 2), PORT)) == "expected float32[1, 1], found float32[1, 2]"
    assert not compare_arrays(array(1), array(1).astype(np.float64), PORT).ok


@pytest.mark.parametrize(
    ("port", "index", "name"),
    [
        (PORT, (0, 2), "ankle"),
        (PORT, (3, 2), "[3] ankle"),
        (PortSpec("x", "float32", (1, 2)), (0, 1), "[0, 1]"),
        (PortSpec("x", "float32", ()), (), ""),
        (PortSpec("h", "float32", (1, 4, 1), element_names=(TEMPORAL_AXIS, ("hip",))), (0, 2, 0), "[2] hip"),
        (PortSpec("p", "float32", (2, 2), element_names=(("l", "r"), ("x", "y"))), (1, 0), "r x"),
    ],
)
def test_elements_are_named_by_their_axes(port: PortSpec, index: tuple[int, ...], name: str) -> None:
    assert element_name(port, index) == name
