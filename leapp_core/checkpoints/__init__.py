"""Files that trainers write, read as data: what a file says is built here, nothing of it is imported or called."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leapp_core.checkpoints.pickles import read_pickle
    from leapp_core.checkpoints.records import PickledObject
    from leapp_core.checkpoints.torch_files import read_torch_file

__all__ = ["PickledObject", "read_pickle", "read_torch_file"]

_HOMES = {"PickledObject": "records", "read_pickle": "pickles", "read_torch_file": "torch_files"}


def __getattr__(name: str) -> Any:
    """Import what is asked for: readers need NumPy, which listing plugins does not."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
