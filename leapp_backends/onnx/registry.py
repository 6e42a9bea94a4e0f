"""PyTorch's table of translations to ONNX, read as far as a program needs it.

``torch.onnx.export`` prepares all of its some 500 translations before it looks at the program: a good quarter of the
first export of a process. Here a translation is prepared when an operator asks for it; what it is, and which one is
chosen, is as in the whole table.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any


@functools.cache
def whole_registry(opset: int) -> Any:
    """Return the table for an operator set with everything in it, which decomposing a program needs."""
    from torch.onnx._internal.exporter import _registration

    return _registration.ONNXRegistry.from_torchlib(opset_version=opset)


@functools.cache
def lazy_registry(opset: int) -> Any:
    """Return the table for an operator set; the whole one where PyTorch or onnxscript is built otherwise."""
    import torch

    try:
        made = _make_lazy(opset)
        found = made.get_decomps(torch.ops.aten.relu.default)
    except (ImportError, AttributeError, TypeError):
        return whole_registry(opset)
    return made if found else whole_registry(opset)


def _make_lazy(opset: int) -> Any:
    from torch.onnx._internal.exporter import _registration, _torchlib

    own = _registration.ONNXRegistry()
    for meta in _torchlib._torchlib_registry.get_torchlib_ops():
        own._register(meta.fx_target, meta)

    class LazyRegistry(_registration.ONNXRegistry):
        """Holds what was asked for so far."""

        def get_decomps(self, target: Any) -> list[Any]:
            key = _key(target)
            if key not in self.functions:
                metas = [*own.functions.get(key, ()), *_described(target)]
                valid = [meta for meta in metas if meta.opset_introduced <= opset]
                newest = max((meta.opset_introduced for meta in valid), default=0)
                self.functions[key] = [meta for meta in valid if meta.opset_introduced == newest]
            return super().get_decomps(target)

    made = LazyRegistry()
    made._opset_version = opset
    return made


def _described(target: Any) -> Iterator[Any]:
    """Yield what onnxscript has for an operator, as the whole table holds it."""
    from onnxscript.function_libs.torch_lib import ops, registration
    from torch.onnx._internal.exporter import _registration

    assert ops  # importing it fills the table of onnxscript
    key, table = _key(target), registration.default_registry
    # Operators are called alike there; Python's own functions have names of several forms.
    names = [key] if isinstance(key, str) else [name for name in table if name.startswith(("_operator::", "math::"))]
    for name in names:
        if name not in table or _key(_registration._get_overload(name)) != key:
            continue
        for is_complex, functions in ((False, table[name].overloads), (True, table[name].complex)):
            for function in functions:
                yield _registration.OnnxDecompMeta(
                    onnx_function=function, fx_target=target, signature=None, is_custom=False, is_complex=is_complex
                )


def _key(target: Any) -> Any:
    """Return what PyTorch's table calls an operator."""
    from torch._ops import OpOverload

    return str(target.name()) if isinstance(target, OpOverload) else target  # type: ignore[no-untyped-call]
