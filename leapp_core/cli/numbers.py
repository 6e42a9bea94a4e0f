"""Numbers on the command line: every one has bounds, and whatever is not within them gets one clear error."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import typer

from leapp_core.errors import UsageError

MOST_STEPS = 1_000_000
"""Control steps of one command. Twenty-four hours at 10 Hz are fewer, and what they give is held in memory."""

MOST_SEED = 2**32 - 1
"""Largest seed that every source of random numbers takes."""

MOST_SECONDS = 86_400.0


def whole(*names: str, help: str, least: int, most: int) -> Any:
    """Return an option that takes a whole number from ``least`` to ``most``."""
    bounds = f"{least} to {most}"
    return typer.Option(*names, parser=_reader(names[0], _whole, least, most), metavar="INT", help=f"{help} [{bounds}]")


def real(*names: str, help: str, least: float, most: float | None = None, metavar: str = "NUMBER") -> Any:
    """Return an option that takes a finite number from ``least`` to ``most``."""
    bounds = f"{_plain(least)} or more" if most is None else f"{_plain(least)} to {_plain(most)}"
    reader = _reader(names[0], _real, least, math.inf if most is None else most)
    return typer.Option(*names, parser=reader, metavar=metavar, help=f"{help} [{bounds}]")


def seed(help: str) -> Any:
    """Return the option ``--seed``."""
    return whole("--seed", help=help, least=0, most=MOST_SEED)


def _reader(option: str, read: Callable[[str], float], least: float, most: float) -> Callable[[Any], float]:
    expected = f"{'a whole number' if read is _whole else 'a number'} {_bounds(least, most)}"

    def reader(given: Any) -> float:
        text = str(given).strip()
        try:
            value = read(text)
        except ValueError:
            raise UsageError(f"{option} got {text[:40]!r}", expected=expected, code="U003") from None
        if not least <= value <= most:  # NaN is not either
            raise UsageError(f"{option} got {text[:40]}", expected=expected, code="U003")
        return value

    return reader


def _bounds(least: float, most: float) -> str:
    return f"from {_plain(least)} to {_plain(most)}" if math.isfinite(most) else f"that is {_plain(least)} or more"


def _plain(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() else f"{value:g}"


def _whole(text: str) -> int:
    """Read a whole number; ``1e3`` and ``1_000`` are ones too."""
    try:
        return int(text)
    except ValueError:
        value = float(text)
        if not value.is_integer():
            raise ValueError(text) from None
        return int(value)


def _real(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value
