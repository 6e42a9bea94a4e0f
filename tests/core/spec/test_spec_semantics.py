from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from leapp_core.errors import BundleError, UsageError
from leapp_core.spec.dtypes import DTYPES, canonical, numpy_dtype, torch_dtype
from leapp_core.spec.names import PortRef
from leapp_core.spec.order import execution_order, find_cycle
from leapp_core.spec.pipeline import Edge
from leapp_core.spec.port import TEMPORAL_AXIS
from leapp_core.spec.semantics import InputKind, OutputKind, TemporalAxis, TensorSemantics, port_spec


def edge(source: str, target: str) -> Edge:
    return Edge(PortRef(source, "out"), PortRef(target, "in"))


@pytest.mark.parametrize("name", sorted(DTYPES))
def test_a_dtype_means_the_same_everywhere(name: str) -> None:
    assert canonical(torch_dtype(name)) == name
    assert canonical(numpy_dtype(name)) == name
    assert torch.empty(0, dtype=torch_dtype(name)).element_size() == DTYPES[name].itemsize


def test_numpy_scalar_classes_and_aliases_are_dtypes_too() -> None:
    assert canonical(np.float32) == "float32"
    assert canonical("double") == "float64"


def test_an_unknown_dtype_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"(?s)complex64.*expected"):
        canonical(torch.complex64)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("knee", (("knee",),)),
        (["hip", "knee"], (("hip", "knee"),)),
        ([["hip", "knee"]], (("hip", "knee"),)),
        ([None, ["x", "y"]], (None, ("x", "y"))),
        ([TemporalAxis(20.0), ["x", "y"]], (TEMPORAL_AXIS, ("x", "y"))),
        (None, None),
    ],
)
def test_element_names_are_kept_per_axis(given: object, kept: object) -> None:
    semantics = TensorSemantics("x", element_names=given)
    assert semantics.element_names == kept
    again = TensorSemantics("x", element_names=kept, temporal_period_ms=semantics.temporal_period_ms)
    assert again == semantics


def test_a_temporal_axis_sets_the_period() -> None:
    assert TensorSemantics("x", element_names=[TemporalAxis(20), ["a"]]).temporal_period_ms == 20


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ([TemporalAxis(1.0), TemporalAxis(1.0)], "more than one temporal axis"),
        (["a", ["b"]], "mixes names and axes"),
        ([["a", 3]], "holds 3"),
        ([TEMPORAL_AXIS], "without a period"),
        (7, "is a int"),
    ],
)
def test_what_is_not_element_names_is_refused(names: object, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        TensorSemantics("x", element_names=names)


def test_a_temporal_axis_needs_a_positive_period() -> None:
    with pytest.raises(UsageError, match="period of 0 ms"):
        TemporalAxis(0)


def test_kinds_are_kept_as_text() -> None:
    assert TensorSemantics("x", kind=InputKind.JOINT_POSITION).kind == "state/joint/position"
    assert type(TensorSemantics("x", kind=OutputKind.KP).kind) is str
    assert TensorSemantics("x", kind="mine/own").kind == "mine/own"


def test_extras_hold_plain_values_under_free_keys() -> None:
    assert TensorSemantics("x", extra={"a": (1, {"b": None})}).extra == {"a": [1, {"b": None}]}
    with pytest.raises(UsageError, match="is a ndarray"):
        TensorSemantics("x", extra={"a": np.zeros(1)})
    with pytest.raises(UsageError, match="uses the key 'shape'"):
        TensorSemantics("x", extra={"shape": 3})
    with pytest.raises(UsageError, match="is nan"):
        TensorSemantics("x", extra={"a": float("nan")})


def test_a_port_may_leave_the_batch_axis_out_of_its_names() -> None:
    port = port_spec(TensorSemantics("x", element_names=["a", "b"]), dtype=torch.float32, shape=torch.Size([1, 2]))
    assert (port.dtype, port.shape, port.element_names) == ("float32", (1, 2), (("a", "b"),))


def test_names_of_the_last_axes_are_kept_with_an_entry_for_each_axis() -> None:
    """As Isaac Lab names the axes of contact forces over time: ``[environment, step, body, axis]``."""
    forces = port_spec(TensorSemantics("forces", element_names=["x", "y", "z"]), dtype="float32", shape=[1, 3, 17, 3])
    assert forces.element_names == (None, None, None, ("x", "y", "z"))
    two = TensorSemantics("forces", element_names=[["left", "right"], ["x", "y", "z"]])
    assert port_spec(two, dtype="float32", shape=[1, 3, 2, 3]).element_names == (None, None, *two.element_names)


@given(st.lists(st.integers(1, 3), min_size=1, max_size=5), st.data())
def test_names_never_leave_their_axis(shape: list[int], data: st.DataObject) -> None:
    count = data.draw(st.integers(1, len(shape)))
    names = [[f"{axis}_{i}" for i in range(shape[axis])] for axis in range(len(shape) - count, len(shape))]
    port = port_spec(TensorSemantics("x", element_names=names), dtype="float32", shape=shape)
    assert port.element_names is not None
    assert len(port.element_names) == max(count, len(shape) if count + 1 < len(shape) else count)
    assert [list(axis) for axis in port.element_names[-count:] if isinstance(axis, tuple)] == names
    assert set(port.element_names[:-count]) <= {None}


@pytest.mark.parametrize(
    ("shape", "says"), [((1, 3), "2 names for axis 1, which has size 3"), ((), r"1 axes for shape \[\]")]
)
def test_names_must_fit_the_shape(shape: tuple[int, ...], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        port_spec(TensorSemantics("x", element_names=["a", "b"]), dtype="float32", shape=shape)


def test_execution_order_follows_edges_and_otherwise_keeps_the_given_order() -> None:
    assert execution_order(["c", "b", "a"], [edge("a", "b"), edge("b", "c")]) == ("a", "b", "c")
    assert execution_order(["z", "y", "x"], []) == ("z", "y", "x")
    assert execution_order(["p", "q", "r"], [edge("r", "p")]) == ("q", "r", "p")


def test_a_cycle_is_named() -> None:
    edges = [edge("a", "b"), edge("b", "c"), edge("c", "b")]
    with pytest.raises(BundleError, match=r"b -> c -> b|c -> b -> c"):
        execution_order(["a", "b", "c"], edges)
    assert find_cycle(["a", "b", "c"], edges) is not None
    assert find_cycle(["a", "b"], [edge("a", "b")]) is None
