"""Options of the ONNX backends."""

from __future__ import annotations

from dataclasses import dataclass, field

OLDEST_OPSET = 13
"""Below this, operators take as attributes what newer ones take as inputs, and no exporter at hand writes it well."""

OPSET_HELP = "ONNX operator set to write; by default the one PyTorch recommends"
BATCH_HELP = "make axis 0 of the ports (the batch axis of recurrent state) any size instead of 1"


def check_opset(opset: int | None) -> None:
    """Refuse operator sets no exporter can write.

    Raises:
        ValueError: it is too old.
    """
    if opset is not None and opset < OLDEST_OPSET:
        raise ValueError(f"opset {opset} is too old, the oldest supported is {OLDEST_OPSET}")


@dataclass(frozen=True)
class OnnxDynamoOptions:
    """Options of ``onnx-dynamo``."""

    opset: int | None = field(default=None, metadata={"help": OPSET_HELP})
    optimize: bool = field(default=True, metadata={"help": "fold constants and fuse operators in the written graph"})
    dynamic_batch: bool = field(default=False, metadata={"help": BATCH_HELP})

    def __post_init__(self) -> None:
        check_opset(self.opset)


@dataclass(frozen=True)
class OnnxTorchscriptOptions:
    """Options of ``onnx-torchscript``."""

    opset: int | None = field(default=None, metadata={"help": OPSET_HELP})
    constant_folding: bool = field(default=True, metadata={"help": "compute what depends on constants only at export"})
    dynamic_batch: bool = field(default=False, metadata={"help": BATCH_HELP})

    def __post_init__(self) -> None:
        check_opset(self.opset)
