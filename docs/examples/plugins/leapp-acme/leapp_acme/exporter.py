"""The backend: a node's program becomes a file."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass, field
from typing import Any

from leapp_core.errors import ExportError
from leapp_core.plugins.exporters import Exporter, ExportRequest, NodeProgram, WrittenArtifact

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

    def check(self, program: NodeProgram, options: Any) -> None:
        # What the format cannot express is refused before anything is written, with a way out.
        for port in (*program.spec.inputs, *program.spec.outputs):
            if port.dtype == "bfloat16":
                raise ExportError(
                    f"port {port.name!r} is bfloat16, which the runner of acme files has no arrays for",
                    where=f"node {program.spec.name!r}",
                    fix="convert it to float32, or use --backend pt2",
                )

    def export(self, request: ExportRequest) -> WrittenArtifact:
        import torch

        buffer = io.BytesIO()
        # portable(): equal programs have to give equal bytes, and nothing of this machine belongs in the file.
        torch.export.save(request.program.portable(), buffer)
        packed = zlib.compress(buffer.getvalue(), request.options.level)
        request.destination.write_bytes(MAGIC + packed)
        return WrittenArtifact(request.destination, {"compressed_bytes": len(packed)})
