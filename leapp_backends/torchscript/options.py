"""Options of the TorchScript backends."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class TorchscriptOptions:
    """Options of ``jit-script`` and ``jit-trace``."""

    dynamic_batch: bool = field(
        default=False,
        metadata={"help": "make axis 0 of the ports (the batch axis of recurrent state) any size instead of 1"},
    )
