"""Lines that run a bundle, ready to be copied."""

from __future__ import annotations

import json
import re

from leapp_core.spec.document import BundleDocument
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import PipelineSpec
from leapp_core.spec.port import PortSpec

CPP_TYPES = {"float32": "float", "float64": "double", "int32": "std::int32_t", "int64": "std::int64_t", "bool": "bool"}
"""Element types that the C++ runner and this page know."""
LIBRARY = "libonnxruntime.so.1"


def snippets(document: BundleDocument) -> list[dict[str, str]]:
    """Return each with its title: Python, C++ where the runner takes the bundle, the command line."""
    name, pipeline = document.name, document.pipeline
    inputs = ", ".join(f"{_text(_asked(ref, pipeline))}: …" for ref in pipeline.asked_inputs())
    output = _asked(pipeline.outputs[0], pipeline) if pipeline.outputs else ""
    python = (
        "from leapp_core.runtime import load\n\n"
        f"policy = load({_text(name)})\n"
        "policy.reset()\n"
        f"outputs = policy.step({{{inputs}}})\n"
        f"outputs[{_text(output)}]  # a NumPy array"
    )
    shell = f"leapp validate {name}\nleapp run {name}\nleapp bench {name}\nleapp deploy {name} --compare CHECKPOINT"
    cpp = _cpp(document)
    return [
        {"title": "Python, without PyTorch", "text": python},
        *([{"title": "C++17, with the headers in docs/examples/cpp", "text": cpp}] if cpp else []),
        {"title": "Command line", "text": shell},
    ]


def _cpp(document: BundleDocument) -> str:
    """Return a control loop in C++, or nothing where the runner would refuse the bundle."""
    pipeline = document.pipeline
    ports = [p for node in pipeline.nodes for p in (*node.inputs, *node.outputs)]
    artifacts = [*document.artifacts.values()]
    if len(pipeline.nodes) != 1 or artifacts[0].format != "onnx" or not all(map(_taken, ports)):
        return ""
    inputs = [pipeline.input_spec(ref) for ref in pipeline.asked_inputs()]
    outputs = [pipeline.output_spec(ref) for ref in pipeline.outputs]
    names = _variables([*inputs, *outputs])
    given, made = names[: len(inputs)], names[len(inputs) :]
    rate = pipeline.configs.frequency
    lines = [
        '#include "leapp/onnxruntime.hpp"',
        '#include "leapp/policy.hpp"',
        "",
        f"leapp::Policy policy(std::make_unique<leapp::OnnxRuntime>({_text(LIBRARY)}, {_text(artifacts[0].path)}));",
        *(f"leapp::Port& {v} = policy.input({_text(p.name)});" for v, p in zip(given, inputs, strict=True)),
        *(f"const leapp::Port& {v} = policy.output({_text(p.name)});" for v, p in zip(made, outputs, strict=True)),
        "",
        "policy.reset();",
        f"while (running) {{{f'  // {rate:g} times a second' if rate else ''}",
        *(f"  read({v}.data<{CPP_TYPES[p.dtype]}>());{_about(p)}" for v, p in zip(given, inputs, strict=True)),
        "  if (policy.step() != leapp::Status::ok) stop(policy.problem());",
        *(f"  write({v}.data<{CPP_TYPES[p.dtype]}>());{_about(p)}" for v, p in zip(made, outputs, strict=True)),
        "}",
    ]
    return "\n".join(lines)


def _taken(port: PortSpec) -> bool:
    return port.dtype in CPP_TYPES and all(isinstance(size, int) for size in port.shape)


def _about(port: PortSpec) -> str:
    count = 1
    for size in port.shape:
        count *= int(size)
    return f"  // {count} number{'s' if count != 1 else ''}"


def _variables(ports: list[PortSpec]) -> list[str]:
    """Return a name of C++ for each port, no two alike."""
    made: list[str] = []
    for port in ports:
        plain = re.sub(r"\W+", "_", port.name, flags=re.ASCII).strip("_") or "port"
        plain = f"p_{plain}" if plain[0].isdigit() or plain in ("policy", "running") else plain
        made.append(plain if plain not in made else f"{plain}_{len(made)}")
    return made


def _text(name: str) -> str:
    """Return a name as both languages write text; it cannot end where a foreign bundle would like it to."""
    return json.dumps(name, ensure_ascii=False)


def _asked(ref: PortRef, pipeline: PipelineSpec) -> str:
    """Return the name the runtime takes: the port's, with its node where several ports share it."""
    known = (*pipeline.asked_inputs(), *pipeline.outputs)
    alike = [other for other in known if other.port == ref.port and other != ref]
    return str(ref) if alike else ref.port
