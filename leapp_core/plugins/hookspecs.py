"""Every hook, on one screen. Implement any of them in a module named by an entry point in group ``leapp``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leapp_core.plugins.markers import hookspec

if TYPE_CHECKING:
    from pathlib import Path

    import typer

    from leapp_core.plugins.consumers import Consumer
    from leapp_core.plugins.environments import EnvironmentProvider
    from leapp_core.plugins.exporters import Exporter, ProgramPass, WrittenArtifact
    from leapp_core.plugins.policies import PolicyAdapter
    from leapp_core.plugins.registry import OwnedRegistry
    from leapp_core.plugins.runners import Runner
    from leapp_core.plugins.targets import Target


@hookspec
def leapp_register_exporters(registry: OwnedRegistry[Exporter]) -> None:
    """Add exporters: ``registry.add(MyExporter())``. Called when exporters are first looked up."""


@hookspec
def leapp_register_runners(registry: OwnedRegistry[Runner]) -> None:
    """Add runners, one per artifact format: ``registry.add(MyRunner())``."""


@hookspec
def leapp_register_passes(registry: OwnedRegistry[ProgramPass]) -> None:
    """Add passes over a node's functional graph; they run after the built-in ones, in order of ``name``."""


@hookspec
def leapp_register_adapters(registry: OwnedRegistry[PolicyAdapter]) -> None:
    """Add policy adapters: how a training library's checkpoint becomes a policy that can be called."""


@hookspec
def leapp_register_environments(registry: OwnedRegistry[EnvironmentProvider]) -> None:
    """Add environment providers: where tasks come from."""


@hookspec
def leapp_register_consumers(registry: OwnedRegistry[Consumer]) -> None:
    """Add consumers: runtimes and tools that read bundles, with what each takes."""


@hookspec
def leapp_register_targets(registry: OwnedRegistry[Target]) -> None:
    """Add targets: engines that ``leapp export --target NAME`` writes models for."""


@hookspec
def leapp_register_commands(app: typer.Typer) -> None:
    """Add commands to ``leapp``. Called once when the command line starts; import heavy things inside the command."""


@hookspec
def leapp_export_started(graph: str, save_path: Path) -> None:
    """Called when capture is done and artifacts are about to be written."""


@hookspec
def leapp_artifact_written(node: str, artifact: WrittenArtifact) -> None:
    """Called after each artifact was written to the staging directory."""


@hookspec
def leapp_export_finished(graph: str, bundle: Path) -> None:
    """Called after the complete bundle is in place."""
