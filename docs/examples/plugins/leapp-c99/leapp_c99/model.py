"""The model itself as C: one function without state, written by emx-onnx-cgen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from leapp_core.errors import ExportError
from leapp_core.plugins.exporters import NodeProgram

LIBM = frozenset(
    name + suffix
    for name in (
        *("acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "cos", "cosh", "erf", "exp", "expm1"),
        *("fabs", "floor", "fma", "fmax", "fmin", "fmod", "log", "log1p", "nearbyint", "pow", "remainder", "rint"),
        *("round", "sin", "sinh", "sqrt", "tan", "tanh", "trunc"),
    )
    for suffix in ("", "f")
)
"""What generated code may take from the mathematical library; all of it is in C99."""

_FORBIDDEN = frozenset({"malloc", "calloc", "realloc", "alloca", "free", "fopen", "fread", "printf", "exit", "abort"})
_CALL = re.compile(r"\b([a-z_][a-z0-9_]*)\s*\(")
_WEIGHT = re.compile(r"^(?:extern )?const (?=[^()]*\b\w+(?:\[\d+\])+(?:;| =))", re.MULTILINE)
_LOAD = re.compile(r"^_Bool \w+_load\(const char \*path\) \{\n.*?^\}\n", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class ModelCode:
    """Generated code.

    Attributes:
        text: Definitions; all but the function ``<prefix>_model`` are ``static``.
        libm: Names of the functions it calls in the mathematical library, sorted.
    """

    text: str
    libm: tuple[str, ...]


def generate(path: Path, prefix: str, program: NodeProgram) -> ModelCode:
    """Generate ``<prefix>_model``, which takes a pointer for each input and each output of an ONNX file, in order.

    Raises:
        ExportError: the generator lacks an operator, or the code would need a heap or files.
    """
    import onnx
    from emx_onnx_cgen import CodegenError, Compiler, ShapeInferenceError, UnsupportedOpError
    from emx_onnx_cgen.compiler import CompilerOptions

    model = onnx.load(path)
    del model.metadata_props[:]  # the generator would write it all into a comment
    options = CompilerOptions(
        model_name=f"{prefix}_model",
        large_temp_threshold_bytes=0,  # all temporaries on the stack
        large_weight_threshold=0,  # all weights in the code
    )
    try:
        text = Compiler(options).compile(model)
    except (UnsupportedOpError, CodegenError, ShapeInferenceError) as error:
        raise _refusal(program, str(error).splitlines()[0]) from error
    text = _LOAD.sub("", _WEIGHT.sub("static const ", text))
    called = set(_CALL.findall(_without_comments(text)))
    if called & _FORBIDDEN:
        raise _refusal(program, f"the code would call {', '.join(sorted(called & _FORBIDDEN))}")
    return ModelCode(text, tuple(sorted(called & LIBM)))


def _refusal(program: NodeProgram, why: str) -> ExportError:
    calls = [node.target for node in program.exported.graph.nodes if node.op == "call_function"]
    names = dict.fromkeys(str(target).rpartition(".")[0] for target in calls)
    return ExportError(
        f"emx-onnx-cgen cannot write node {program.spec.name!r} as C: {why}",
        where=f"one of {', '.join(names)}",
        fix="use --backend onnx-dynamo, which has every operator, and the C++ runner",
    )


def _without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
