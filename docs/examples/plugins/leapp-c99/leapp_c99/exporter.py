"""The backend: a node's program becomes a C file with a header, a CMake file and a test program beside it."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leapp_c99.interface import TYPES, Interface, describe, identifier, number
from leapp_c99.model import ModelCode, generate
from leapp_core.errors import ExportError
from leapp_core.plugins.exporters import Exporter, ExportRequest, NodeProgram, WrittenArtifact

FACTS = "leapp-facts: "
"""What stands before the facts in a comment of the C file."""

_MAX_SAMPLES, _MAX_NUMBERS = 4, 20_000


@dataclass(frozen=True)
class C99Options:
    """Options of ``c99``."""

    prefix: str = field(default="policy", metadata={"help": "what the names of all functions and types begin with"})

    def __post_init__(self) -> None:
        if identifier(self.prefix, set()) != self.prefix:
            raise ValueError(f"prefix {self.prefix!r} is no name in C")


class C99Exporter(Exporter):
    """Writes C99 that needs no heap, no files, and of libraries only some functions of libm."""

    name = "c99"
    format = "c99"
    suffix = ".c"
    summary = "C99 without heap, for microcontrollers and certified systems"
    options_type = C99Options
    requires = ("torch", "onnx", "onnxscript", "onnx_ir", "emx_onnx_cgen", "jinja2")

    def check(self, program: NodeProgram, options: Any) -> None:
        for port in (*program.spec.inputs, *program.spec.outputs):
            if port.dtype not in TYPES:
                raise ExportError(
                    f"port {port.name!r} is {port.dtype}, which C99 has no type for",
                    where=f"node {program.spec.name!r}",
                    fix="convert it to float32, or use --backend onnx-dynamo",
                )
            if 0 in port.shape:
                raise ExportError(
                    f"port {port.name!r} ({port.dtype}) has no elements, and C99 has no arrays without",
                    where=f"node {program.spec.name!r}",
                    fix="leave the port out",
                )

    def export(self, request: ExportRequest) -> WrittenArtifact:
        from leapp_core.plugins.manager import PluginManager

        onnx = PluginManager().exporters.get("onnx-dynamo")
        with tempfile.TemporaryDirectory() as folder:
            written = onnx.export(
                ExportRequest(request.program, Path(folder) / "model.onnx", onnx.parse_options({}), request.metadata)
            )
            prefix = _prefix(request)
            code = generate(written.path, prefix, request.program)
        interface = describe(request.program, request.metadata)
        for file, text in _files(request, interface, code, prefix).items():
            (request.destination.parent / file).write_text(text, encoding="utf-8")
        return WrittenArtifact(
            request.destination,
            {"libm": list(code.libm)},
            notes=written.notes,
            operators=written.operators,
            origins=written.origins,
        )


def _prefix(request: ExportRequest) -> str:
    """Return what names begin with: nodes of one pipeline can be linked into one program."""
    several = json.loads(request.metadata.get("leapp.data_flow", "[]"))
    prefix: str = request.options.prefix
    return f"{prefix}_{identifier(request.program.spec.name, set())}" if several else prefix


def _files(request: ExportRequest, interface: Interface, code: ModelCode, prefix: str) -> dict[str, str]:
    """Return what to write, by name of the file."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("leapp_c99"),
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    environment.filters["quoted"] = _quoted
    environment.filters["macro"] = lambda name: identifier(name, set()).upper()
    stem = request.destination.stem
    values = {
        "stem": stem,
        "target": re.sub(r"[^A-Za-z0-9_.+-]", "_", stem),
        "prefix": prefix,
        "node": request.program.spec.name,
        "face": interface,
        "model": code.text,
        "libm": code.libm,
        "frequency": json.loads(request.metadata.get("leapp.configs", "{}")).get("frequency"),
        "facts": _facts(request, prefix),
        "samples": _samples(request.program, interface),
    }
    return {
        f"{stem}{suffix}": environment.get_template(template).render(values)
        for template, suffix in (
            ("policy.c.j2", ".c"),
            ("policy.h.j2", ".h"),
            ("policy.cmake.j2", ".cmake"),
            ("policy_test.c.j2", "_test.c"),
        )
    }


def _facts(request: ExportRequest, prefix: str) -> str:
    """Return facts for the runner as one line that can stand in a comment."""
    sides = {
        side: [[port.name, port.dtype, list(port.shape)] for port in ports]
        for side, ports in (("inputs", request.program.spec.inputs), ("outputs", request.program.spec.outputs))
    }
    text = json.dumps({"prefix": prefix, **sides, "metadata": dict(request.metadata)}, sort_keys=True)
    return FACTS + text.replace("*/", "*\\/").replace("/*", "\\/*")


def _samples(program: NodeProgram, interface: Interface) -> list[tuple[list[list[str]], list[list[str]]]]:
    """Return captured inputs and outputs, each a list of numbers by port, as many as make a file of sensible size."""
    numbers = sum(port.size for port in (*interface.inputs, *interface.outputs))
    count = max(1, min(_MAX_SAMPLES, _MAX_NUMBERS // max(numbers, 1)))
    return [
        (
            [_values(sample.inputs, port.label, port.type) for port in interface.inputs],
            [_values(sample.outputs, port.label, port.type) for port in interface.outputs],
        )
        for sample in program.samples[:count]
    ]


def _values(tensors: Mapping[str, Any], name: str, type_: str) -> list[str]:
    return [number(value, type_) for value in tensors[name].flatten().tolist()]


def _quoted(text: str) -> str:
    """Return a string literal; JSON's is C's but for characters beyond ASCII, which stay as they are."""
    return json.dumps(text, ensure_ascii=False).replace("??", '?""?')
