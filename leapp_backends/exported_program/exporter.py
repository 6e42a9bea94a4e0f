"""``pt2``: the program itself, in PyTorch's own format."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field

from leapp_core.errors import ExportError, LeappError
from leapp_core.plugins.exporters import Exporter, ExportRequest, WrittenArtifact

METADATA = "leapp.json"
"""Extra file of the archive with the facts an export embeds."""


@dataclass(frozen=True)
class Pt2Options:
    """Options of ``pt2``."""

    dynamic_batch: bool = field(
        default=False,
        metadata={"help": "make axis 0 of the ports (the batch axis of recurrent state) any size instead of 1"},
    )


class Pt2Exporter(Exporter):
    """Saves the exported program."""

    name = "pt2"
    aliases = ("exported-program",)
    format = "pt2"
    suffix = ".pt2"
    extra = "export"
    summary = "the program itself as torch.export saves it; keeps every operator"
    options_type = Pt2Options

    def export(self, request: ExportRequest) -> WrittenArtifact:
        """Write a ``.pt2`` file for ``torch.export.load``; see :meth:`Exporter.export`."""
        import torch

        from leapp_backends.batch.apply import apply_batch
        from leapp_backends.common.failures import root_cause
        from leapp_backends.common.quiet import quiet

        program = apply_batch(request.program, request.options.dynamic_batch)
        facts = json.dumps(dict(request.metadata), ensure_ascii=False)
        try:
            with quiet() as notes:
                # Into memory first: PyTorch's archive writer aborts the whole process when the disk is full.
                buffer = io.BytesIO()
                torch.export.save(program.portable(), buffer, extra_files={METADATA: facts})
            request.destination.write_bytes(buffer.getvalue())
        except (LeappError, OSError):
            raise
        except Exception as error:
            raise ExportError(
                f"torch.export cannot save node {program.spec.name!r}: {root_cause(error)}",
                fix="try --backend jit-script or onnx-dynamo",
                code="X003",
            ) from error
        return WrittenArtifact(request.destination, {}, program.spec, tuple(notes))
