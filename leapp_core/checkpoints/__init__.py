"""Files that trainers write, read as data: what a file says is built here, nothing of it is imported or called."""

from __future__ import annotations

from leapp_core.checkpoints.pickles import read_pickle
from leapp_core.checkpoints.records import PickledObject
from leapp_core.checkpoints.torch_files import read_torch_file

__all__ = ["PickledObject", "read_pickle", "read_torch_file"]
