"""Run ``.pt2`` artifacts."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

from leapp_core.errors import BundleError
from leapp_core.plugins.runners import ModelSession, Runner, RunnerSettings
from leapp_core.spec.pipeline import NodeSpec
from leapp_core.words import counted

METADATA = "leapp.json"
"""Extra file of the archive with the facts an export embeds."""


class Pt2Runner(Runner):
    """Loads ``.pt2`` artifacts of ``torch.export``."""

    name = "pt2"
    aliases = ("exported-program",)
    # torch.export.load may unpickle example inputs and build expressions from text.
    runs_code = True
    requires = ("torch",)
    extra = "export"

    def facts(self, path: Path) -> Mapping[str, str]:
        """Return the facts in the archive; see :meth:`leapp_core.plugins.runners.Runner.facts`."""
        try:
            with zipfile.ZipFile(path) as archive:
                names = [name for name in archive.namelist() if name.endswith(f"/extra/{METADATA}")]
                return dict(json.loads(archive.read(names[0]))) if names else {}
        except (OSError, ValueError, zipfile.BadZipFile):
            return {}  # opening it says what is wrong

    def open(self, path: Path, spec: NodeSpec, settings: RunnerSettings) -> ModelSession:
        """Load an artifact; see :meth:`leapp_core.plugins.runners.Runner.open`."""
        import torch
        from torch.export.passes import move_to_device_pass

        from leapp_backends.common.failures import root_cause
        from leapp_backends.common.quiet import quiet
        from leapp_backends.common.torch_session import TorchSession, torch_device

        device = torch_device(settings)
        if not zipfile.is_zipfile(path):
            raise BundleError(f"the model of node {spec.name!r} is no .pt2 archive", where=str(path), code="B006")
        try:
            with quiet():
                exported = torch.export.load(path)
                if device != "cpu":
                    exported = move_to_device_pass(exported, device)
                module = exported.module()
        except Exception as error:
            raise BundleError(
                f"the model of node {spec.name!r} cannot be loaded as .pt2: {root_cause(error)}",
                where=str(path),
                code="B006",
            ) from error
        takes = len(exported.graph_signature.user_inputs)
        if takes != len(spec.inputs):
            raise BundleError(
                f"the model of node {spec.name!r} takes {counted(takes, 'input')}, "
                f"the bundle states {len(spec.inputs)}",
                where=str(path),
                code="B007",
            )
        return TorchSession(module, spec, device)
