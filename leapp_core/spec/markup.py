"""A pipeline in a notebook: what it takes, what it gives, what it remembers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from leapp_core.markup import html_block, html_table
from leapp_core.spec.pipeline import PipelineSpec
from leapp_core.spec.port import PortSpec

_SHOWN = 60
_NAMES = 12


def pipeline_html(name: str, pipeline: PipelineSpec) -> str:
    """Return a table of the ports of a pipeline that are seen from outside, and of its state."""
    rows = [*_rows(pipeline)]
    nodes = len(pipeline.nodes)
    about = [f"{nodes} node{'s' if nodes != 1 else ''}"]
    about += [f"{pipeline.configs.frequency:g} Hz"] if pipeline.configs.frequency is not None else []
    about += [f"the first {_SHOWN} of {len(rows)} ports"] if len(rows) > _SHOWN else []
    columns = ("", "port", "kind", "dtype", "shape", "elements")
    return html_block(name, ", ".join(about), html_table(columns, rows[:_SHOWN]))


def _rows(pipeline: PipelineSpec) -> Iterator[tuple[str, ...]]:
    for ref in pipeline.inputs:
        yield "input", str(ref), *_cells(pipeline.input_spec(ref))
    for ref in pipeline.outputs:
        yield "output", str(ref), *_cells(pipeline.output_spec(ref))
    for edge in pipeline.feedback:
        yield "state", str(edge.target), *_cells(pipeline.input_spec(edge.target))


def _cells(port: PortSpec) -> tuple[str, ...]:
    axes = [axis for axis in port.element_names or () if isinstance(axis, (list, tuple))]
    return port.kind or "", port.dtype, f"[{', '.join(map(str, port.shape))}]", _names(axes[-1]) if axes else ""


def _names(names: Iterable[object]) -> str:
    shown = [str(name) for name in names]
    more = f", and {len(shown) - _NAMES} more" if len(shown) > _NAMES else ""
    return ", ".join(shown[:_NAMES]) + more
