"""Whether methods return what their contracts say: the annotations of a contract, held against values."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.export import ExportedProgram

from leapp_core.plugins.contract import fits, in_words
from leapp_core.plugins.policies import LoadedPolicy
from leapp_core.spec.document import BundleDocument
from leapp_core.testing.subject import ContractBrokenError

_FOR_TYPE_CHECKERS = {
    "np": np,
    "torch": torch,
    "ExportedProgram": ExportedProgram,
    "LoadedPolicy": LoadedPolicy,
    "BundleDocument": BundleDocument,
}
"""Names that contracts import for type checkers only."""
_SHOWN = 80


def check_result(value: object, contract: type, method: str) -> None:
    """Hold what a method gave against the annotation of its contract.

    Args:
        value: What it gave. Of containers every element is looked at, of our own dataclasses every field.
        contract: The contract class, or protocol.
        method: Name of the method.

    Raises:
        ContractBrokenError: the value, or a part of it, is of another type; says which and what is expected.
    """
    for where, found, hint in _parts(f"{method}()", value, returned(contract, method)):
        if not fits(found, hint):
            raise ContractBrokenError(f"{where} gave {_short(found)}, expected {in_words(hint)}")


def returned(contract: type, method: str) -> Any:
    """Return the type that a contract says a method returns."""
    function = inspect.unwrap(getattr(contract, method))
    return _resolved(inspect.get_annotations(function)["return"], function.__module__)


def _resolved(annotation: Any, module: str) -> Any:
    # The text is from a source file of ours; typing.get_type_hints would need the types of all arguments, too.
    return eval(annotation, {**vars(sys.modules[module]), **_FOR_TYPE_CHECKERS}) if annotation is not None else None


def _parts(where: str, value: object, hint: Any) -> Iterator[tuple[str, object, Any]]:
    yield where, value, hint
    if isinstance(value, Mapping):
        return
    elements = value if isinstance(value, (tuple, list)) else (value,)
    for element in elements:
        if dataclasses.is_dataclass(element) and type(element).__module__.startswith("leapp_core."):
            kind: Any = type(element)
            for field in dataclasses.fields(kind):
                own = f"{where}: {kind.__name__}.{field.name}"
                yield own, getattr(element, field.name), _resolved(field.type, kind.__module__)


def _short(value: object) -> str:
    if isinstance(value, (str, int, float, Path, type(None))):
        return repr(value)
    text = f"a {type(value).__name__}"
    shown = repr(value)
    return f"{text} {shown}" if len(shown) <= _SHOWN and "\n" not in shown and " at 0x" not in shown else text
