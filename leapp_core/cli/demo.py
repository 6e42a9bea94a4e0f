"""``leapp demo``: the main job on a policy that comes along, for a first look."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from leapp_core.cli.options import JsonFlag, examples, plugins_of
from leapp_core.cli.progress import StageProgress
from leapp_core.cli.render import show, show_json
from leapp_core.cli.views import Line
from leapp_core.errors import EnvError
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.markers import hookimpl


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add ``demo``."""
    app.command(
        "demo", epilog=examples("leapp demo", "leapp demo --task Builtin-Balance-Partial --backend jit-script")
    )(demo)


TASK = typer.Option("--task", help="A task that comes with a trained policy; by default the first.")
BACKEND = typer.Option("--backend", help="Export backend.")
SAVE = typer.Option("--save_path", help="Folder for the bundle.")
WHOLE_EPISODE = 1_000_000


def demo(
    context: typer.Context,
    task: Annotated[str | None, TASK] = None,
    backend: Annotated[str, BACKEND] = "onnx-dynamo",
    save_path: Annotated[Path, SAVE] = Path("demo_output"),
    as_json: JsonFlag = False,
) -> None:
    """Export a trained policy that comes along and let it run.

    The bundle is validated and then controls the robot for a whole episode, beside the policy it was made from.
    """
    from leapp_core.cli.export_views import export_views
    from leapp_core.policy_export.checkpoints import CheckpointChoice
    from leapp_core.policy_export.job import ExportJob, run_export

    manager = plugins_of(context)
    job = ExportJob(
        task=task or _first_task(manager),
        checkpoint=CheckpointChoice(pretrained=True),
        backend=backend,
        save_path=save_path,
        closed_loop_steps=WHOLE_EPISODE,
    )
    with StageProgress(quiet=as_json) as progress:
        result = run_export(job, manager, progress)
    if as_json:
        show_json(result.to_json())
    else:
        bundle = save_path / result.report.bundle.name
        show(
            *export_views(result),
            Line(""),
            Line("Look at it:", style="bold"),
            f"  {_program()} inspect {bundle}",
            f"  {_program()} run {bundle}",
            f"  {bundle / result.report.bundle.name}.png",
        )
    result.raise_if_wrong()


def _program() -> str:
    """Return how the user can call this program again, also from a virtual environment that is not activated."""
    if shutil.which("leapp") is not None:
        return "leapp"
    called = Path(sys.argv[0])
    return str(called.relative_to(Path.cwd())) if called.is_relative_to(Path.cwd()) else str(called)


def _first_task(plugins: PluginManager) -> str:
    for entry in plugins.environments:
        if entry.item.light:
            for task in entry.item.tasks():
                if task.pretrained:
                    return task.name
    raise EnvError("no installed environment comes with a trained policy", fix="name one with --task", code="E001")
