"""``leapp export``: a task and a checkpoint become a validated bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from leapp_core.cli.numbers import MOST_SECONDS, MOST_STEPS, real, seed, whole
from leapp_core.cli.options import ImportOption, JsonFlag, examples, key_values, plugins_of
from leapp_core.cli.plugins import broken
from leapp_core.cli.policy_only import group_shapes, needed_task, only_file, refuse_alone, refuse_task
from leapp_core.cli.progress import StageProgress
from leapp_core.cli.render import print_note, show, show_json
from leapp_core.errors import UsageError
from leapp_core.plugins.markers import hookimpl

EXAMPLES = examples(
    "leapp export --task Builtin-Reach-Arm --use_pretrained_checkpoint",
    "leapp export --task TASK --checkpoint model.pt --backend jit-script",
    "leapp export --env ENV --task TASK --checkpoint model.pt OVERRIDE=VALUE",
    "leapp export --task TASK --checkpoint model.pt --option opset=18",
    "leapp export --import my_tasks --task My-Task --checkpoint model.pt",
    "leapp export --policy-only --checkpoint model.pt",
)


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add ``export``."""
    app.command("export", epilog=EXAMPLES)(export)


TASK = typer.Option("--task", help="Task name; `leapp envs list` shows which there are.", show_default=False)
ENV = typer.Option("--env", help="Environment that has the task; found by the task's name if left out.")
ADAPTER = typer.Option(
    "--adapter",
    "--rl_library",
    help="Trainer that wrote the checkpoint, see `leapp adapters list`; by default the file tells.",
)
CHECKPOINT = typer.Option("--checkpoint", help="Checkpoint file.")
RUN = typer.Option("--load_run", help="Folder of a training run (regular expression); the last that matches.")
LOAD = typer.Option("--load_checkpoint", help="Checkpoint in that run (regular expression); the last that matches.")
PRETRAINED = typer.Option("--use_pretrained_checkpoint", help="Use the checkpoint that comes with the task.")
NAME = typer.Option("--export_task_name", help="Name of the bundle; by default the task's.")
BACKEND = typer.Option("--backend", "--export_method", help="Export backend; `leapp backends list` shows them.")
OPTION = typer.Option("--option", metavar="KEY=VALUE", help="Option of the backend, or state_dtype=float32.")
BATCH = typer.Option(
    "--dynamic-batch", "--dynamic_batch", help="Let the bundle serve any number of rows (--option dynamic_batch=true)."
)
SINGLE = typer.Option(
    "--single-node", "--single_node", help="Join all nodes into one model (--option single_node=true)."
)
SAVE = typer.Option("--export_save_path", "--save_path", help="Folder for the bundle; by default the checkpoint's.")
STEPS = whole(
    "--validation_steps", help="Control steps to record and validate; 0 skips validation.", least=0, most=100_000
)
LOOP = whole(
    "--closed_loop_steps",
    help="Control steps of policy and bundle side by side; 0 skips.",
    least=0,
    most=MOST_STEPS,
)
PROVE = real(
    "--prove-seconds",
    "--prove_seconds",
    least=0.0,
    most=MOST_SECONDS,
    help="Time limit of the task beside its program, after 50 steps; 0 skips.",
)
NO_PICTURE = typer.Option("--disable_graph_visualization", help="Draw no picture.")
STRICT = typer.Option("--strict", help="Refuse to export if a check could not be made.")
SEED = seed("Seed of everything random.")
DEVICE = typer.Option("--device", help="Torch device to run the policy on.")
ALONE = typer.Option("--policy-only", "--policy_only", help="Export the network from the checkpoint alone, no task.")
AGENT = typer.Option("--agent", help="With --policy-only: the run's params/agent.yaml, if not beside the checkpoint.")
SHAPE = typer.Option(
    "--observation_shape", metavar="GROUP=SIZE", help="With --policy-only: what weights cannot tell, camera=1x64x64."
)
TARGET = typer.Option("--target", help="Engine to write for, such as onnxruntime-1.16; `leapp targets` lists them.")
OVERRIDES = typer.Argument(metavar="OVERRIDE", help="Passed to the environment: a.b=c.", show_default=False)


def export(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    task: Annotated[str | None, TASK] = None,
    overrides: Annotated[list[str] | None, OVERRIDES] = None,
    env: Annotated[str | None, ENV] = None,
    checkpoint: Annotated[Path | None, CHECKPOINT] = None,
    load_run: Annotated[str | None, RUN] = None,
    load_checkpoint: Annotated[str | None, LOAD] = None,
    use_pretrained_checkpoint: Annotated[bool, PRETRAINED] = False,
    backend: Annotated[str, BACKEND] = "onnx-dynamo",
    option: Annotated[list[str] | None, OPTION] = None,
    dynamic_batch: Annotated[bool, BATCH] = False,
    single_node: Annotated[bool, SINGLE] = False,
    export_save_path: Annotated[Path | None, SAVE] = None,
    export_task_name: Annotated[str | None, NAME] = None,
    validation_steps: Annotated[int, STEPS] = 5,
    closed_loop_steps: Annotated[int, LOOP] = 100,
    prove_seconds: Annotated[float, PROVE] = 60.0,
    strict: Annotated[bool, STRICT] = False,
    disable_graph_visualization: Annotated[bool, NO_PICTURE] = False,
    adapter: Annotated[str | None, ADAPTER] = None,
    imports: ImportOption = None,
    seed: Annotated[int, SEED] = 0,
    device: Annotated[str, DEVICE] = "cpu",
    policy_only: Annotated[bool, ALONE] = False,
    agent: Annotated[Path | None, AGENT] = None,
    observation_shape: Annotated[list[str] | None, SHAPE] = None,
    target: Annotated[str | None, TARGET] = None,
    as_json: JsonFlag = False,
) -> None:
    """Export a trained policy, processing and all, as one bundle.

    The task runs for a few control steps while everything between sensor readings and joint targets is recorded.
    The bundle is then held against the recording, against fresh inputs, and runs beside the policy in the simulator.
    """
    from leapp_core.cli.export_views import export_views
    from leapp_core.policy_export.checkpoints import CheckpointChoice
    from leapp_core.policy_export.job import ExportJob, run_export
    from leapp_core.policy_export.network import PolicyOnlyJob, export_policy_only

    choice = CheckpointChoice(checkpoint, load_run, load_checkpoint, use_pretrained_checkpoint)
    options = key_values(option or (), "--option")
    for flag, name, given in (
        ("--dynamic-batch", "dynamic_batch", dynamic_batch),
        ("--single-node", "single_node", single_node),
    ):
        if given and options.setdefault(name, "true") != "true":
            raise UsageError(f"{flag} and --option {name} contradict each other", fix="give one of them", code="U004")
    shared: dict[str, Any] = {
        "graph": export_task_name,
        "backend": backend,
        "options": options,
        "save_path": export_save_path,
        "steps": validation_steps,
        "visualize": not disable_graph_visualization,
        "strict": strict,
        "seed": seed,
        "device": device,
        "target": target,
    }
    manager = plugins_of(context)
    for info in broken(manager):
        print_note(f"plugin {info.name!r} is broken and left out: {info.error}")
    with StageProgress(quiet=as_json) as progress:
        if policy_only:
            refuse_task(task, env, overrides)
            shapes = group_shapes(observation_shape or (), "--observation_shape")
            shared["adapter"] = adapter
            alone = PolicyOnlyJob(only_file(choice), agent, shapes, **shared)
            result = export_policy_only(alone, manager, progress)
        else:
            refuse_alone(agent, observation_shape)
            place: dict[str, Any] = {"env": env, "adapter": adapter, "overrides": tuple(overrides or ())}
            place["imports"] = tuple(imports or ())
            place["prove_seconds"] = prove_seconds
            job = ExportJob(needed_task(task), choice, closed_loop_steps=closed_loop_steps, **place, **shared)
            result = run_export(job, manager, progress)
    if as_json:
        show_json(result.to_json())
    else:
        show(*export_views(result))
    result.raise_if_wrong()
