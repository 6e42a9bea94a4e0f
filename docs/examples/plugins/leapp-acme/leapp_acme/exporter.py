"""The backend: a node's program becomes a file."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass, field

from leapp_core.plugins.exporters import Exporter, ExportRequest, WrittenArtifact

MAGIC = b"ACME1\n"


@dataclass(frozen=True)
class PackedOptions:
    """What users give with ``--option KEY=VALUE``; names, types and values are checked before any work starts."""

    level: int = field(default=6, metadata={"help": "how hard to compress, 0 to 9"})

    def __post_init__(self) -> None:
        if not 0 <= self.level <= 9:
            raise ValueError(f"level is {self.level}, expected 0 to 9")


class PackedExporter(Exporter):
    """Writes the functional program that LEAPP captured, compressed."""

    name = "acme-packed"
    format = "acme"  # what the YAML says, and the name of the runner that loads it
    suffix = ".acme"
    summary = "the program, compressed"
    options_type = PackedOptions

    def export(self, request: ExportRequest) -> WrittenArtifact:
        import torch

        buffer = io.BytesIO()
        torch.export.save(request.program.exported, buffer)
        packed = zlib.compress(buffer.getvalue(), request.options.level)
        request.destination.write_bytes(MAGIC + packed)
        return WrittenArtifact(request.destination, {"compressed_bytes": len(packed)})
