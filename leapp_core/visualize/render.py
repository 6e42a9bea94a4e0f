"""Write the picture of a bundle as PNG and SVG."""

from __future__ import annotations

import shutil
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leapp_core.errors import ExportError, MissingExtraError
from leapp_core.plugins.requirements import install_line, require
from leapp_core.spec.document import BundleDocument
from leapp_core.spec.names import PortRef
from leapp_core.visualize.graph import build_graph

if TYPE_CHECKING:
    import numpy as np

FORMATS: tuple[str, ...] = ("png", "svg")


def render(
    document: BundleDocument,
    folder: Path,
    stem: str,
    *,
    initial_values: Mapping[PortRef, np.ndarray[Any, Any]] | None = None,
    formats: tuple[str, ...] = FORMATS,
) -> tuple[Path, ...]:
    """Draw a pipeline into ``folder/<stem>.png`` and ``.svg``.

    Args:
        document: What to draw.
        folder: Where to write; it exists.
        stem: File name without suffix.
        initial_values: First value of fed-back inputs, said in the picture when it is one number.
        formats: File suffixes to write.

    Returns:
        The files.

    Raises:
        MissingExtraError: pydot or Graphviz is not there.
        ExportError: Graphviz failed.
    """
    require("drawing a pipeline", ("pydot",), "export")
    program = find_graphviz()
    starts = {ref: text for ref, value in (initial_values or {}).items() if (text := _in_words(value))}
    graph = build_graph(document, starts)
    written = []
    for suffix in formats:
        try:
            picture = graph.create(prog=program, format=suffix)
        except (OSError, AssertionError) as error:
            raise ExportError(
                f"Graphviz could not draw {document.name!r} as {suffix}",
                where=program,
                fix="skip the picture with --disable_graph_visualization",
                code="X007",
            ) from error
        path = folder / f"{stem}.{suffix}"
        path.write_bytes(picture)
        written.append(path)
    return tuple(written)


def find_graphviz() -> str:
    """Return the program to draw with: the system's ``dot``, else ``graphviz-pure`` beside this Python.

    Raises:
        MissingExtraError: neither is there.
    """
    name = "graphviz-pure"
    scripts = Path(sysconfig.get_path("scripts"))
    # Without an activated environment its scripts are not on PATH.
    found = shutil.which("dot") or shutil.which(name) or shutil.which(name, path=str(scripts))
    if found is None:
        raise MissingExtraError(
            "drawing a pipeline needs Graphviz, which is not installed (extra 'export')",
            fix=f"{install_line('export', ())}, or install Graphviz so that 'dot' is on PATH",
            code="P004",
        )
    return found


def _in_words(value: np.ndarray[Any, Any]) -> str | None:
    """Return ``at 0`` for an array of one repeated number, else ``None``."""
    flat = value.reshape(-1)
    if flat.size == 0 or (flat != flat[0]).any():
        return None
    return f"at {flat[0].item():g}" if flat.dtype.kind in "fiu" else f"at {flat[0].item()}"
