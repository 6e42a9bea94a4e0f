"""From an exported program to OpenVINO's model, and to files."""

from __future__ import annotations

import logging
import re
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import openvino
import torch
from openvino.frontend import FrontEndManager
from openvino.frontend.pytorch.fx_decoder import TorchFXPythonDecoder
from torch.export import ExportedProgram

from leapp_core.errors import ExportError
from leapp_core.plugins.exporters import NodeProgram, line_of
from leapp_core.spec.pipeline import NodeSpec

DECOMPOSED = (torch.ops.aten.linalg_cross.default,)
"""OpenVINO leaves these whole and cannot convert them as ``torch.export`` writes them; PyTorch can split them."""
FACTS = "leapp"
_OPERATOR = re.compile(r"\baten\.(\w+)\.?\w*")


def convert(program: NodeProgram) -> openvino.Model:
    """Return OpenVINO's model of a program, with static shapes.

    Raises:
        ExportError: OpenVINO cannot convert an operator.
    """
    exported = program.exported
    try:
        with _quiet():
            if any(node.target in DECOMPOSED for node in exported.graph.nodes):
                exported = exported.run_decompositions(torch._decomp.get_decompositions(DECOMPOSED))
            model = _translated(exported)
    except Exception as error:
        raise _refusal(program, exported, str(error)) from error
    model.reshape({place: list(port.shape) for place, port in enumerate(program.spec.inputs)})
    return model


def _translated(exported: ExportedProgram) -> openvino.Model:
    """Do what ``openvino.convert_model`` does, which tells Intel of each call, from processes that it starts."""
    frontend = FrontEndManager().load_by_framework("pytorch")
    decoder = TorchFXPythonDecoder.from_exported_program(
        exported, dynamic_shapes=False
    )  # has to outlive the conversion
    return frontend.convert(frontend.load(decoder))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep back what PyTorch and OpenVINO say of each other's operator tables."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _refusal(program: NodeProgram, exported: ExportedProgram, said: str) -> ExportError:
    names = sorted({f"aten.{found}" for found in _OPERATOR.findall(said)})
    what = f"cannot convert {', '.join(names)}" if names else f"says: {said.strip().splitlines()[-1][:300]}"
    return ExportError(
        f"OpenVINO {openvino.__version__.partition('-')[0]} {what}",
        where=_line(exported, names) or f"node {program.spec.name!r}",
        fix="write this line with other operators, or use --backend onnx-dynamo",
    )


def _line(exported: ExportedProgram, names: list[str]) -> str | None:
    """Return the line that the first of the operators comes from; OpenVINO names them as they are when decomposed."""
    for graph in (exported.graph, exported.run_decompositions().graph if names else exported.graph):
        for node in graph.nodes:
            if str(node.target).rpartition(".")[0] in names and (line := line_of(node)):
                return line
    return None


def describe(model: openvino.Model, spec: NodeSpec, metadata: Mapping[str, str]) -> None:
    """Name ports and operations, and embed facts.

    OpenVINO numbers what it creates from the start of the process on; names by place make equal models equal files.
    """
    model.set_friendly_name(spec.name)
    for place, operation in enumerate(model.get_ordered_ops()):
        operation.set_friendly_name(f"{operation.get_type_name()}_{place}")
    for value in (*model.inputs, *model.outputs):
        value.get_tensor().set_names(set())
    taken: set[str] = set()
    for ports, values in ((spec.inputs, model.inputs), (spec.outputs, model.outputs)):
        for port, value in zip(ports, values, strict=True):
            value.get_node().set_friendly_name(port.name)
            if port.name not in taken:  # two tensors may not share a name; runners go by place
                value.get_tensor().add_names({port.name})
                taken.add(port.name)
    for key, text in metadata.items():
        model.set_rt_info(text, [FACTS, key])


def save(model: openvino.Model, destination: Path, *, half: bool) -> None:
    """Write both files: OpenVINO to a folder of its own, which it may make and fill as it likes, then their contents.

    Raises:
        OSError: they cannot be written.
    """
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / destination.name
        try:
            openvino.save_model(model, made, compress_to_fp16=half)
        except RuntimeError as error:
            raise OSError(f"OpenVINO could not write {destination.name}: {error}") from error
        destination.write_bytes(made.read_bytes())
        destination.with_suffix(".bin").write_bytes(made.with_suffix(".bin").read_bytes())
