"""What scripted modules keep besides tensors: numbers that their branches may read and no Python source shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

_BRANCHES = ("prim::If", "prim::Loop")
_PLAIN = (int, float, str, list, dict, tuple, type(None))


class Unlike(bytes):
    """What is never the same as before: how far an iterator came is not seen."""

    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"<{id(self)}>"


def attributes_of(module: Any) -> Iterator[tuple[str, Any]]:
    """Yield what is not a tensor among the attributes of a scripted module and its parts; none if nothing branches.

    What a function left out of the script (``torch.jit.ignore``) gives back is another value each time.

    Args:
        module: The scripted module.
    """
    graphs = {name: _graphs(part) for name, part in module.named_modules()}
    if not any(graph.findAllNodes(kind) for found in graphs.values() for graph in found for kind in _BRANCHES):
        return
    for name, part in module.named_modules():
        for graph in graphs[name]:
            if any(
                not out.type().isSubtypeOf(_TENSOR) for n in graph.findAllNodes("prim::PythonOp") for out in n.outputs()
            ):
                yield f"{name}.ignored", Unlike()
        for attribute in sorted(_names(graphs[name])):
            value = part._c.getattr(attribute) if part._c.hasattr(attribute) else None
            if isinstance(value, _PLAIN):
                yield f"{name}.{attribute}", repr(value)


_TENSOR = torch._C.TensorType.get()


def _graphs(part: Any) -> list[Any]:
    return [part._c._get_method(name).graph for name in part._c._method_names()] if hasattr(part, "_c") else []


def _names(graphs: list[Any]) -> set[str]:
    kinds = ("prim::GetAttr", "prim::SetAttr")
    return {node.s("name") for graph in graphs for kind in kinds for node in graph.findAllNodes(kind)}
