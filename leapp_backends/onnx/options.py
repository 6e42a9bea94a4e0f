"""Options of the ONNX backends."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

OLDEST_OPSET = 13
"""Below this, operators take as attributes what newer ones take as inputs, and no exporter at hand writes it well."""

OPSET_HELP = "ONNX operator set to write; by default the one PyTorch recommends"
BATCH_HELP = "make axis 0 of the ports (the batch axis of recurrent state) any size instead of 1"


def check_opset(opset: int | None, newest: Callable[[], int]) -> None:
    """Refuse operator sets no exporter can write, before anything is recorded for it.

    Args:
        opset: The operator set asked for.
        newest: Returns the newest that can be written; asked only if one was given, since it imports much.

    Raises:
        ValueError: it is too old or too new.
    """
    if opset is None:
        return
    if opset < OLDEST_OPSET:
        raise ValueError(f"opset {opset} is too old, the oldest supported is {OLDEST_OPSET}")
    with contextlib.suppress(ImportError):  # what is missing is said when the backend is used
        if opset > newest():
            raise ValueError(f"opset {opset} is too new, {OLDEST_OPSET} to {newest()} can be written here")


def newest_of_onnx() -> int:
    """Return the newest operator set that the installed ``onnx`` knows."""
    import onnx

    return int(onnx.defs.onnx_opset_version())


def newest_of_torchscript() -> int:
    """Return the newest operator set that PyTorch's TorchScript exporter writes."""
    from torch.onnx import _constants

    return int(_constants.ONNX_MAX_OPSET)


@dataclass(frozen=True)
class OnnxDynamoOptions:
    """Options of ``onnx-dynamo``."""

    opset: int | None = field(default=None, metadata={"help": OPSET_HELP})
    optimize: bool = field(default=True, metadata={"help": "fold constants and fuse operators in the written graph"})
    dynamic_batch: bool = field(default=False, metadata={"help": BATCH_HELP})

    def __post_init__(self) -> None:
        check_opset(self.opset, newest_of_onnx)


@dataclass(frozen=True)
class OnnxTorchscriptOptions:
    """Options of ``onnx-torchscript``."""

    opset: int | None = field(default=None, metadata={"help": OPSET_HELP})
    constant_folding: bool = field(default=True, metadata={"help": "compute what depends on constants only at export"})
    dynamic_batch: bool = field(default=False, metadata={"help": BATCH_HELP})

    def __post_init__(self) -> None:
        check_opset(self.opset, newest_of_torchscript)
