"""``leapp deploy``: a bundle controls the robot of its task in simulation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from leapp_core.cli.numbers import MOST_SECONDS, MOST_STEPS, real, seed, whole
from leapp_core.cli.options import (
    BundleArgument,
    ImportOption,
    JsonFlag,
    ProviderOption,
    TrustFlag,
    examples,
    existing_file,
    key_values,
    plugins_of,
)
from leapp_core.cli.progress import StageProgress
from leapp_core.cli.render import show, show_json
from leapp_core.errors import UsageError
from leapp_core.plugins.environments import ModelScene
from leapp_core.plugins.markers import hookimpl


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add ``deploy``."""
    lines = examples(
        "leapp deploy out/Builtin-Reach-Arm --compare pretrained --plot arm.png",
        "leapp deploy out/TASK --steps 500 --seed 3 --video robot.mp4",
        "leapp deploy out/TASK --env ENV --compare model.pt --json OVERRIDE=VALUE",
        "leapp deploy out/TASK --model robot.xml --command twist=0.5,0,0",
    )
    app.command("deploy", epilog=lines)(deploy)


ENV = typer.Option("--env", help="Environment, `leapp envs list` shows them; by default the bundle's.")
TASK = typer.Option("--task", help="Task; by default the one the bundle was exported from.")
STEPS = whole("--steps", help="Control steps; by default one episode.", least=1, most=MOST_STEPS)
SEED = seed("Seed of the first episode; each further one has the next.")
COMPARE = typer.Option(
    "--compare",
    metavar="CHECKPOINT",
    help="Run this checkpoint as in training beside it, from the same seed, and compare every step; `pretrained` "
    "is the one that comes with the task.",
)
DRIFT = real(
    "--max_drift",
    least=0.0,
    metavar="SHARE",
    help="With --compare: fail where a target comes apart from the policy's by more than this share of its range. By "
    "default drift is shown only: physics may amplify any rounding. The verdict is what the bundle does when shown "
    "what the policy was shown.",
)
ADAPTER = typer.Option(
    "--adapter",
    "--rl_library",
    help="With --compare: the trainer that wrote the checkpoint; by default the file tells.",
)
PLOT = typer.Option("--plot", help="Draw the targets over time into this .png, .svg or .pdf file.")
VIDEO = typer.Option("--video", help="Film the scene into this .mp4 or .gif file, where it can be rendered.")
SECONDS = real("--seconds", least=1e-3, most=MOST_SECONDS, help="Time to run for, in place of --steps.")
SAVE = typer.Option("--save", help="Keep readings, outputs and state of every step in this .npz file.")
MODEL = typer.Option("--model", help="Robot model (MJCF .xml, .mjb) to run on in place of the task, without PyTorch.")
MAP = typer.Option("--map", help="With --model: YAML file that connects ports and joints where names do not tell.")
COMMAND = typer.Option(
    "--command",
    metavar="INPUT=VALUE",
    help="With --model: value of an input that the model does not give: numbers (0.5,0,0), a .csv or .npz file over "
    "time, or FILE.py:FUNCTION of the time in s.",
)
START = typer.Option(
    "--start",
    help="With --model: a keyframe, `bundle` (the default joint positions that the bundle states) or `model`; by "
    "default the first of the bundle's, the keyframe `home`, the model's.",
)
PUSH = typer.Option(
    "--push",
    metavar="TIME:BODY:FX,FY,FZ[:SECONDS]",
    help="With --model: push a body, N in the world frame, for 0.1 s unless said otherwise; no body means the base.",
)
TIMESTEP = real("--timestep", least=1e-6, most=1.0, help="With --model: physics step (s) in place of the model's.")
VIEWER = typer.Option("--viewer", help="With --model: show the robot in a window, in real time.")
DEVICE = typer.Option("--device", help="Torch device of the simulation.")
OVERRIDES = typer.Argument(
    metavar="OVERRIDE", help="For the environment, after those recorded in the bundle: a.b=c.", show_default=False
)


def deploy(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    bundle: BundleArgument,
    overrides: Annotated[list[str] | None, OVERRIDES] = None,
    env: Annotated[str | None, ENV] = None,
    task: Annotated[str | None, TASK] = None,
    model: Annotated[Path | None, MODEL] = None,
    mapping: Annotated[Path | None, MAP] = None,
    commands: Annotated[list[str] | None, COMMAND] = None,
    start: Annotated[str | None, START] = None,
    pushes: Annotated[list[str] | None, PUSH] = None,
    timestep: Annotated[float | None, TIMESTEP] = None,
    viewer: Annotated[bool, VIEWER] = False,
    steps: Annotated[int | None, STEPS] = None,
    seconds: Annotated[float | None, SECONDS] = None,
    seed: Annotated[int, SEED] = 0,
    compare: Annotated[str | None, COMPARE] = None,
    max_drift: Annotated[float | None, DRIFT] = None,
    adapter: Annotated[str | None, ADAPTER] = None,
    imports: ImportOption = None,
    plot: Annotated[Path | None, PLOT] = None,
    video: Annotated[Path | None, VIDEO] = None,
    save: Annotated[Path | None, SAVE] = None,
    device: Annotated[str, DEVICE] = "cpu",
    provider: ProviderOption = "cpu",
    trust: TrustFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Let a bundle control the robot in the simulation of its task.

    Scene and physics are the task's; its observation, action and reward code does not run. What the bundle's inputs
    name is read, the bundle is stepped, and what its outputs name is written. Joints, sensors and bodies
    of a model of your own (--model) are found by the names in the bundle.
    """
    from leapp_core.cli.deploy_views import deploy_views
    from leapp_core.deploy.job import DeployJob, run_deploy
    from leapp_core.plugins.runners import RunnerSettings

    job = DeployJob(
        bundle=bundle,
        env=env,
        task=task,
        overrides=tuple(overrides or ()),
        steps=steps,
        seed=seed,
        device=device,
        settings=RunnerSettings(provider),
        trust=trust,
        compare=compare,
        max_drift=max_drift,
        adapter=adapter,
        imports=tuple(imports or ()),
        plot=plot,
        video=video,
        seconds=seconds,
        save=save,
        scene=_scene(
            model,
            {"--map": mapping, "--start": start, "--timestep": timestep, "--viewer": viewer or None},
            {"--command": commands or [], "--push": pushes or []},
        ),
    )
    with StageProgress(quiet=as_json) as progress:
        result = run_deploy(job, plugins_of(context), progress)
    if as_json:
        show_json(result.to_json())
    else:
        show(*deploy_views(result))
    result.raise_if_wrong()


def _scene(model: Path | None, given: dict[str, Any], listed: dict[str, list[str]]) -> ModelScene | None:
    """Return the robot model with what belongs to it, or ``None`` if a task is meant."""
    if model is None:
        stray = [name for name, value in (*given.items(), *listed.items()) if value]
        if stray:
            raise UsageError(
                f"{stray[0]} is about a robot model, and there is none", fix="name it with --model FILE", code="U004"
            )
        return None
    existing_file("--model", model)
    existing_file("--map", given["--map"])
    return ModelScene(
        model,
        given["--map"],
        key_values(listed["--command"], "--command"),
        given["--start"],
        tuple(listed["--push"]),
        given["--timestep"],
        viewer=bool(given["--viewer"]),
    )
