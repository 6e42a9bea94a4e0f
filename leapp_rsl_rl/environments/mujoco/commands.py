"""Values of inputs that a model does not give: numbers, a recorded file, or a function of time."""

from __future__ import annotations

import csv
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from leapp_core.errors import EnvError, UsageError

Array = np.ndarray[Any, Any]
Given = Callable[[float], Array]
"""From seconds since the start to values."""
_TABLES = (".csv", ".npz")


@dataclass(frozen=True)
class Wanted:
    """What an input takes.

    Attributes:
        name: Its name, as users type it.
        elements: Names of its elements; empty if it has none.
        size: How many numbers it takes.
    """

    name: str
    elements: tuple[str, ...]
    size: int

    @property
    def words(self) -> str:
        """What is expected, for messages."""
        return f"{self.size} numbers" + (f": {', '.join(self.elements)}" if self.elements else "")


def read_command(text: str, wanted: Wanted) -> Given:
    """Return where an input's values come from.

    Args:
        text: Numbers ``0.5,0,0``; a ``.csv`` or ``.npz`` file; or ``FILE.py:FUNCTION``.
        wanted: What the input takes.

    Raises:
        UsageError: it is none of these, or gives another number of values.
    """
    file, _, function = text.rpartition(":")
    if file.endswith(".py"):
        return _function(Path(file), function, wanted)
    if Path(text).suffix.lower() in _TABLES:
        return _table(Path(text), wanted)
    try:
        values = np.array([float(number) for number in text.split(",")])
    except ValueError:
        raise UsageError(
            f"--command {wanted.name} got {text!r}",
            expected=f"{wanted.words}; or a .csv or .npz file, or FILE.py:FUNCTION",
            code="U003",
        ) from None
    if not np.isfinite(values).all():
        raise UsageError(f"--command {wanted.name} got {text!r}", expected="finite numbers", code="U003")
    return _constant(_sized(values, wanted))


def _constant(values: Array) -> Given:
    return lambda seconds: values


def _sized(values: Array, wanted: Wanted) -> Array:
    if values.size != wanted.size:
        raise UsageError(f"--command {wanted.name} gives {values.size} numbers", expected=wanted.words, code="U003")
    return values.reshape(-1)


def _function(path: Path, name: str, wanted: Wanted) -> Given:
    _must_exist(path, wanted)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"--command {wanted.name}: {path} is no Python file", code="U003")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UsageError(
            f"--command {wanted.name}: {path} fails: {type(error).__name__}: {error}", code="U003"
        ) from error
    function = getattr(module, name, None)
    if not callable(function):
        raise UsageError(
            f"--command {wanted.name}: {path} has no function {name!r}", expected="FILE.py:FUNCTION", code="U001"
        )

    def given(seconds: float) -> Array:
        try:
            values = np.asarray(function(seconds), np.float64)
        except Exception as error:
            raise EnvError(
                f"--command {wanted.name}: {name}({seconds:g}) fails: {type(error).__name__}: {error}",
                where=str(path),
                code="E002",
            ) from error
        return _sized(values, wanted)

    given(0.0)
    return given


def _table(path: Path, wanted: Wanted) -> Given:
    _must_exist(path, wanted)
    times, values = (_csv if path.suffix.lower() == ".csv" else _npz)(path, wanted)
    if len(times) == 0 or (np.diff(times) <= 0.0).any():
        raise UsageError(
            f"--command {wanted.name}: time in {path} does not increase", expected="seconds from the start", code="U003"
        )

    def given(seconds: float) -> Array:
        row = int(np.searchsorted(times, seconds + 1e-9, side="right")) - 1
        held: Array = values[max(0, row)]
        return held

    return given


def _csv(path: Path, wanted: Wanted) -> tuple[Array, Array]:
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    heads = [head.strip() for head in rows[0]] if rows else []
    if "time" not in heads:
        raise UsageError(
            f"--command {wanted.name}: {path} has no column 'time'",
            expected=f"a first line with 'time' (s) and {', '.join(wanted.elements) or wanted.words}",
            code="U003",
        )
    try:
        numbers = np.array([[float(cell) for cell in row] for row in rows[1:] if row], np.float64)
    except ValueError as error:
        raise UsageError(
            f"--command {wanted.name}: {path}: {error}", expected="numbers below the first line", code="U003"
        ) from error
    if numbers.ndim != 2 or numbers.shape[1] != len(heads):
        raise UsageError(
            f"--command {wanted.name}: lines of {path} are not equally long", expected=", ".join(heads), code="U003"
        )
    return numbers[:, heads.index("time")], numbers[:, _columns(heads, path, wanted)]


def _columns(heads: Sequence[str], path: Path, wanted: Wanted) -> list[int]:
    """Return the columns of an input: by element names where they are there, else all but the time."""
    if wanted.elements and all(name in heads for name in wanted.elements):
        return [heads.index(name) for name in wanted.elements]
    others = [index for index, head in enumerate(heads) if head != "time"]
    if len(others) != wanted.size:
        raise UsageError(
            f"--command {wanted.name}: {path} has the columns {', '.join(heads)}",
            expected=f"time and {wanted.words}",
            code="U003",
        )
    return others


def _npz(path: Path, wanted: Wanted) -> tuple[Array, Array]:
    with np.load(path) as stored:
        arrays = {name: np.asarray(stored[name], np.float64) for name in stored.files}
    times = arrays.pop("time", None)
    found = _only(arrays, wanted)
    if found is None or times is None:
        raise UsageError(
            f"--command {wanted.name}: {path} holds {', '.join(sorted([*arrays, *(['time'] * (times is not None))]))}",
            expected=f"'time' (s) and {wanted.name!r}, each with steps along axis 0",
            code="U003",
        )
    values = found.reshape(len(found), -1)
    if len(times) != len(values) or values.shape[1] != wanted.size:
        raise UsageError(
            f"--command {wanted.name}: {path} has {len(times)} times and values {list(found.shape)}",
            expected=f"as many as times, each {wanted.words}",
            code="U003",
        )
    return times, values


def _only(arrays: Mapping[str, Array], wanted: Wanted) -> Array | None:
    """Return the array of an input: under its name, as ``leapp deploy --save`` writes it, or the only one."""
    ending = f"/{wanted.name}"
    named = [name for name in arrays if name == wanted.name or (name.startswith("in/") and name.endswith(ending))]
    if named:
        return arrays[named[0]]
    return next(iter(arrays.values())) if len(arrays) == 1 else None


def _must_exist(path: Path, wanted: Wanted) -> None:
    if not path.is_file():
        raise UsageError(f"--command {wanted.name}: there is no file {path}", code="U005")
