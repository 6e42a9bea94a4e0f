"""A function of a declared array is exact or refused, also where every recorded step reads the same values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import leapp_core
from leapp_core.errors import LeappError
from leapp_core.runtime import load
from tests.capture import array_functions
from tests.tiers import spread

Array = np.ndarray[Any, Any]
Function = Callable[[Array], Any]

FUNCTIONS = {
    name: value
    for name, value in vars(array_functions).items()
    if callable(value) and getattr(value, "__module__", "") == array_functions.__name__ and name != "restart"
}
REFUSED = frozenset(
    (
        *("allc", "anyif", "apply", "arctan", "argi", "argm", "arreq", "bufr", "cmpx", "ctp", "flat", "fmt", "hyp"),
        *("ifnp", "isc", "item", "jsn", "loopf", "mathsin", "mem", "pymax", "rnd", "save", "sorted_", "structp"),
        *("tens", "tobytes", "tolist", "unpackf", "vec", "view64"),
    )
)
"""What reads a value as a Python number or bytes, or decides by it."""
UNDECIDED = frozenset(
    {"net", "net2", "net3", "net4", "net5", "net6", "net7", "prealloc", "prealloc2", "torchmix", "ttod"}
)
"""What leaves PyTorch for NumPy with the same values in every step, and so may decide something unseen."""
REASONS = r"changes|does something else|is used in Python|another tensor|is read as|nothing is seen to read"
STEPS = 5


def draws(*, constant: bool) -> Iterator[Array]:
    """Yield what is read in each step: at first the recorded steps, later now and then thirty times larger values."""
    generator = np.random.default_rng(5)
    first = generator.normal(size=3).astype(np.float32)
    for number in range(STEPS + 20):
        value = generator.normal(size=3).astype(np.float32)
        yield first.copy() if constant and number < STEPS else value * (30 if number % 7 == 6 else 1)


def exported(function: Function, folder: Path, *, constant: bool) -> Any:
    """Return the runtime of a function's bundle."""
    array_functions.restart()
    inputs = draws(constant=constant)
    with leapp_core.capture("function", folder) as session:
        for _ in range(STEPS):
            q = next(inputs)
            session.input_tensors("policy", {"q": q})
            session.output_tensors("policy", {"y": function(q)})
    return load(session.export("onnx-dynamo", validate=False, visualize=False).bundle)


def check(function: Function, runtime: Any, *, constant: bool) -> None:
    """Compare a bundle with the function itself."""
    array_functions.restart()
    for q in draws(constant=constant):
        np.testing.assert_allclose(runtime.step({"q": q})["y"], function(q.copy()), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", spread(sorted(FUNCTIONS.keys() - REFUSED), quick=5))
def test_exact(name: str, tmp_path: Path) -> None:
    check(FUNCTIONS[name], exported(FUNCTIONS[name], tmp_path, constant=False), constant=False)


@pytest.mark.parametrize("name", spread(sorted(REFUSED), quick=4))
@pytest.mark.parametrize("constant", [False, True])
def test_refused(name: str, constant: bool, tmp_path: Path) -> None:
    with pytest.raises(LeappError, match=REASONS):
        exported(FUNCTIONS[name], tmp_path, constant=constant)


@pytest.mark.parametrize("name", spread(sorted(FUNCTIONS.keys() - REFUSED), quick=4))
def test_never_wrong_where_recorded_values_stay_the_same(name: str, tmp_path: Path) -> None:
    if name in UNDECIDED:
        with pytest.raises(LeappError, match="in every captured step"):
            exported(FUNCTIONS[name], tmp_path, constant=True)
    else:
        check(FUNCTIONS[name], exported(FUNCTIONS[name], tmp_path, constant=True), constant=True)
