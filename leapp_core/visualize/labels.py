"""Texts of a picture: what a port is, in few words, and the HTML-like tables Graphviz draws boxes from."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from leapp_core.spec.port import TEMPORAL_AXIS, AxisNames, PortSpec

TIMES = "\N{MULTIPLICATION SIGN}"

MAX_NAMES = 36
"""Characters that element names may take before the middle ones are left out."""


def size_text(port: PortSpec) -> str:
    """Return dtype and shape: ``float32 1x12``, ``float32 scalar``."""
    return f"{port.dtype} {TIMES.join(str(size) for size in port.shape) or 'scalar'}"


def names_text(port: PortSpec) -> str:
    """Return the element names of a port, shortened: ``left_hip, left_knee … right_foot (12)``."""
    axes = [_axis_text(axis, port.temporal_period_ms) for axis in port.element_names or ()]
    return f" {TIMES} ".join(text for text in axes if text)


def _axis_text(axis: AxisNames, period_ms: float | None) -> str:
    if axis == TEMPORAL_AXIS:
        return f"time, every {period_ms:g} ms" if period_ms else "time"
    if axis is None or isinstance(axis, str):
        return axis or ""
    if len(", ".join(axis)) <= MAX_NAMES:
        return ", ".join(axis)
    return f"{_shortened(axis)} ({len(axis)})"


def _shortened(names: Sequence[str]) -> str:
    """Keep the first and the last names, as many of the first as fit, and none longer than fits."""
    first, last = _cut(names[0]), _cut(names[-1])
    if len(names) == 1:
        return first
    shown = [first]
    for name in names[1:-1]:
        if len(", ".join([*shown, name, last])) > MAX_NAMES:
            return f"{', '.join(shown)} … {last}"
        shown.append(name)
    return ", ".join([*shown, last])


def _cut(name: str) -> str:
    return name if len(name) <= MAX_NAMES // 2 else f"{name[: MAX_NAMES // 2 - 1]}…"


def rich_text(text: str, *, size: int | None = None, color: str | None = None, bold: bool = False) -> str:
    """Return text for a cell, escaped, in a font of that size (points) and colour."""
    body = html.escape(text, quote=True)
    if bold:
        body = f"<B>{body}</B>"
    attributes = "".join(f' {name}="{value}"' for name, value in (("POINT-SIZE", size), ("COLOR", color)) if value)
    return f"<FONT{attributes}>{body}</FONT>" if attributes else body


def lines(parts: Iterable[str], align: str) -> str:
    """Return parts below each other; empty ones are left out."""
    return "".join(f'{part}<BR ALIGN="{align}"/>' for part in parts if part)


def cell(body: str, **attributes: object) -> str:
    """Return a table cell; attribute names are written in capitals, ``None`` leaves one out."""
    written = "".join(f' {name.upper()}="{value}"' for name, value in attributes.items() if value is not None)
    return f"<TD{written}>{body}</TD>"


def html_table(rows: Iterable[str], *, border: str, background: str = "white", style: str | None = None) -> str:
    """Return a table from rows of cells as a label."""
    rounded = f' STYLE="{style}"' if style else ""
    body = "".join(f"<TR>{row}</TR>" for row in rows)
    return (
        f'<<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="5"{rounded} '
        f'COLOR="{border}" BGCOLOR="{background}">{body}</TABLE>>'
    )
