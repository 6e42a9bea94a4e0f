"""What the names of the user's functions held while the loop ran: numbers or tensors, and whether they changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from types import FrameType
from typing import Any

import numpy as np
import torch

_KINDS = ((bool, "bool"), (int, "int"), (float, "float"), (str, "str"))


@dataclass
class Fact:
    """What a name held.

    Attributes:
        kind: ``tensor``, ``array``, ``bool``, ``int``, ``float``, ``str``, ``list``, ``dict``, ``module``, ``None`` or
            ``other``.
        of: Of lists and dicts, the kind of the first item.
        shape: Of tensors and arrays, or of the first item.
        dtype: The same, as PyTorch names it.
        length: Of lists and dicts, the longest seen.
        moves: It differed from step to step.
    """

    kind: str
    of: str = ""
    shape: Sequence[int] = ()
    dtype: str = ""
    length: int = 0
    moves: bool = False


class Facts:
    """Notes what names held, by function and name (``Controller.step|self.counter``)."""

    def __init__(self) -> None:
        self.found: dict[str, Fact] = {}
        self._last: dict[str, Any] = {}

    def note(self, function: str, frame: FrameType) -> None:
        """Note all names of a function that is called or returns."""
        code, names = frame.f_code, dict(frame.f_locals)
        names |= {n: frame.f_globals[n] for n in code.co_names if n in frame.f_globals}
        owner = names.get(code.co_varnames[0]) if code.co_argcount else None
        names |= {f"self.{name}": value for name, value in _attributes(owner).items()}
        for name, value in names.items():
            self._note(f"{function}|{name}", value)

    def _note(self, name: str, value: Any) -> None:
        fact, identity = described(value)
        known = self.found.get(name)
        if known is None or known.kind == "None":
            fact.moves = known is not None and fact.kind != "None" and known.moves
            self.found[name] = fact
        else:
            known.length = max(known.length, fact.length)
            known.moves |= identity != self._last[name] and fact.kind != "None"
            if {known.kind, fact.kind} == {"int", "float"}:
                known.kind = "float"
            if known.of == "" and fact.of:
                known.of, known.shape, known.dtype = fact.of, fact.shape, fact.dtype
        if fact.kind != "None":
            self._last[name] = identity
        else:
            self._last.setdefault(name, identity)

    def listed(self) -> dict[str, dict[str, Any]]:
        """Return everything in forms that JSON holds."""
        return {name: asdict(fact) for name, fact in self.found.items()}


def read(listed: dict[str, dict[str, Any]]) -> dict[str, Fact]:
    """Return facts from :meth:`Facts.listed`."""
    return {name: Fact(**values) for name, values in listed.items()}


def _attributes(owner: Any) -> dict[str, Any]:
    if owner is None or isinstance(owner, (torch.Tensor, np.ndarray, type)) or not hasattr(owner, "__dict__"):
        return {}
    buffers = getattr(owner, "_buffers", {}) if isinstance(owner, torch.nn.Module) else {}
    classes = (vars(c) for c in type(owner).__mro__)
    plain = {n: v for c in classes for n, v in c.items() if isinstance(v, (int, float, str, torch.Tensor, type(None)))}
    return {n: v for n, v in {**plain, **vars(owner), **buffers}.items() if not n.startswith("__")}


def described(value: Any) -> tuple[Fact, Any]:
    """Return what a value is, and something that is another for another value."""
    if value is None:
        return Fact("None"), None
    for of, name in _KINDS:
        if isinstance(value, of):
            return Fact(name), value
    if isinstance(value, torch.Tensor):
        held = value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes() if value.numel() else b""
        return Fact("tensor", shape=list(value.shape), dtype=str(value.dtype)), (tuple(value.shape), held)
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.asarray(value)
        kind = "array" if isinstance(value, np.ndarray) else "scalar"
        return Fact(kind, shape=list(array.shape), dtype=f"np.{array.dtype}"), array.tobytes()
    if isinstance(value, torch.nn.Module):
        return Fact("module"), id(value)
    if isinstance(value, dict) or type(value).__name__ in ("list", "tuple", "deque"):
        items = list(value.values() if isinstance(value, dict) else value)
        first = described(items[0])[0] if items else Fact("")
        kind = "dict" if isinstance(value, dict) else "list"
        return Fact(kind, first.kind, first.shape, first.dtype, len(items)), repr(items)[:2000]
    return Fact("other"), id(value)
