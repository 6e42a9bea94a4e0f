"""Bundles of mjlab's tasks in plain MuJoCo beside mjlab: run in mjlab's environment, or write the page.

``python -m tests.simulators.plain_mujoco --write docs/reference/mujoco.md`` runs every case in mjlab's environment and
writes the table; without arguments it runs the cases named, and prints a line of JSON for each.

mjlab computes in float32 on MuJoCo Warp, plain MuJoCo in float64 in C. From equal states one control step is compared;
over two seconds, each controlled by its own bundle, the curve is shown beside that of mjlab against itself nudged.
"""

from __future__ import annotations

import json
import sys
import tempfile
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.simulators.cases import CHECKPOINT, Case
from tests.simulators.venvs import MJLAB, ROOT

SECONDS = 2.0
EVERY = (0.1, 0.5, 1.0, 2.0)
LIMIT = 1e-4
"""Largest difference after one control step from equal states, as a share of a quantity's range."""
NUDGE = 1e-6
SEED = 7
MARK = "RESULT "
_BODY = "Mjlab-Velocity-Flat-Unitree"


@dataclass(frozen=True)
class Sim2Sim:
    """A bundle and a model to run it on.

    Attributes:
        case: What is exported.
        model: ``scene`` for the scene as mjlab compiles it from its wheel's files, else a model file of the wheel, to
            which a floor is added.
        command: Given where the task has one.
    """

    case: Case
    model: str = "scene"
    command: str | None = None

    @property
    def name(self) -> str:
        """Unique name."""
        return f"{self.case.title} {self.model.rpartition('/')[2]}"


CASES = (
    Sim2Sim(Case("mjlab", "Mjlab-Cartpole-Balance", "MLP, trained", checkpoint=CHECKPOINT)),
    Sim2Sim(Case("mjlab", f"{_BODY}-Go1", "MLP, untrained"), command="twist"),
    Sim2Sim(
        Case("mjlab", f"{_BODY}-Go1", "MLP, untrained"), "asset_zoo/robots/unitree_go1/xmls/go1.xml", command="twist"
    ),
    Sim2Sim(Case("mjlab", f"{_BODY}-G1", "MLP, untrained"), command="twist"),
)


@dataclass
class Found:
    """What a case gave.

    Attributes:
        name: The case.
        policy: Kind of policy.
        one_step: Largest difference after one control step from equal states, by quantity, as a share of its range.
        steps: How many such steps.
        within: In how many of them every difference is within :data:`LIMIT`.
        curve: Largest difference up to each of :data:`EVERY` seconds, as a share of range; ``None`` past an end.
        nudged: The same of mjlab against itself, started ``NUDGE`` away.
        notes: What ``leapp deploy`` says.
    """

    name: str
    policy: str
    one_step: dict[str, float] = field(default_factory=dict)
    steps: int = 0
    within: int = 0
    curve: list[float | None] = field(default_factory=list)
    nudged: list[float | None] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Mjlab:
    """The deployment form of a task in mjlab, whose state can be read and set."""

    def __init__(self, scene: Any) -> None:
        self.scene = scene
        self.env = scene._simulator.env

    def state(self) -> tuple[np.ndarray, np.ndarray]:
        """Return ``qpos`` and ``qvel`` of the only environment."""
        data = self.env.sim.data
        return (data.qpos[0].cpu().numpy().astype(np.float64), data.qvel[0].cpu().numpy().astype(np.float64))

    def nudge(self) -> None:
        """Move the joints a little."""
        with self.scene._simulator.running() as env:
            env.sim.data.qpos[:, -1] += NUDGE
            env.sim.forward()


def run(case: Sim2Sim, folder: Path) -> Found:
    """Export, and run in both."""
    from leapp_core.plugins.environments import ModelScene
    from leapp_core.runtime import load
    from leapp_rsl_rl.environments.mujoco.deployment import MujocoDeployment
    from tests.simulators.run_case import recorded

    found = Found(case.name, case.case.actor)
    with recorded(case.case, folder) as recording:
        from leapp_core.bundle import load_document
        from leapp_core.plugins.manager import PluginManager

        plugins = PluginManager()
        report = recording.export("onnx-dynamo", plugins, dict(recording.env.facts))
        document = load_document(report.yaml_path).document
        provider = plugins.environments.get("mjlab")
        with closing(provider.deploy(recording.request, document)) as scene:
            mjlab = Mjlab(scene)
            scene.reset(SEED)
            path = model_file(case, mjlab.env, folder)
            commands = {case.command: "0,0,0"} if case.command else {}
            made = ModelScene(path, commands=commands, timestep=float(mjlab.env.cfg.sim.mujoco.timestep))
            plain = MujocoDeployment(made, document)
            found.notes = list(plain.notes)
            runtimes = [load(report.yaml_path, full_names=True) for _ in range(2)]
            seconds = document.pipeline.configs.frequency or 1.0
            compare(case, mjlab, plain, runtimes, round(SECONDS * seconds), seconds, found)
    return found


def model_file(case: Sim2Sim, env: Any, folder: Path) -> Path:
    """Write the model to run on; its places of joints are those of mjlab's scene."""
    import mujoco

    if case.model == "scene":
        mujoco.mj_saveModel(env.sim.mj_model, str(folder / "scene.mjb"), None)
        return folder / "scene.mjb"
    import mjlab

    robot = Path(mjlab.__file__).parent / case.model
    floor = '<worldbody><geom type="plane" size="20 20 0.1"/></worldbody>'
    (folder / "robot.xml").write_text(
        f'<mujoco><include file="{robot}"/><compiler meshdir="{robot.parent / "assets"}"/>{floor}</mujoco>'
    )
    return folder / "robot.xml"


def compare(
    case: Sim2Sim, mjlab: Mjlab, plain: Any, runtimes: list[Any], steps: int, frequency: float, found: Found
) -> None:
    """Fill in what the runs give."""
    import mujoco

    def put(qpos: np.ndarray, qvel: np.ndarray) -> None:
        mujoco.mj_resetData(plain.model, plain.data)
        plain.data.qpos[:], plain.data.qvel[:] = qpos, qvel
        mujoco.mj_forward(plain.model, plain.data)

    def readings(scene: Any, command: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return scene.read() | command

    def commands(given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: value for name, value in given.items() if case.command and name.endswith(f"/{case.command}")}

    # mjlab's own run; before each of its steps the state is put into plain MuJoCo, which makes that step too
    mjlab.scene.reset(SEED)
    runtimes[0].reset()
    own, worst, spans = [], [], []
    start = mjlab.state()
    for _ in range(steps):
        put(*mjlab.state())
        given = mjlab.scene.read()
        outputs = runtimes[0].step(given)
        done = mjlab.scene.step(outputs).done
        plain.step(outputs)
        after = mjlab.scene.read()
        own.append((given, after))
        spans.append(after)
        if done:
            break
        alone = readings(plain, commands(after))
        worst.append({name: np.abs(alone[name].astype(np.float64) - after[name]) for name in after})
    ranges = {name: np.ptp([each[name] for each in spans], axis=0).max() for name in spans[0]}
    ranges = {name: max(float(span), 1e-3) for name, span in ranges.items()}
    found.steps = len(worst)
    read = [name for name in ranges if not commands({name: np.empty(0)})]
    found.one_step = {
        name.rpartition("/")[2]: float(max(each[name].max() for each in worst) / ranges[name]) for name in read
    }
    found.within = sum(all(each[name].max() <= LIMIT * ranges[name] for name in read) for each in worst)

    def share(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> float:
        return max(float(np.abs(one[name].astype(np.float64) - other[name]).max() / ranges[name]) for name in read)

    # each controlled by its own bundle
    put(*start)
    runtimes[1].reset()
    apart = []
    for given, after in own:
        plain.step(runtimes[1].step(readings(plain, commands(given))))
        apart.append(share(plain.read(), after))
    mjlab.scene.reset(SEED)
    mjlab.nudge()
    runtimes[0].reset()
    nudged = []
    for _, after in own:
        mjlab.scene.step(runtimes[0].step(mjlab.scene.read()))
        nudged.append(share(mjlab.scene.read(), after))
    for series, kept in ((apart, found.curve), (nudged, found.nudged)):
        kept.extend(max(series[: round(t * frequency)]) if round(t * frequency) <= len(own) else None for t in EVERY)


HEAD = """<!-- Made by python -m tests.simulators.plain_mujoco --write THIS_FILE; edit the source instead. -->

# Plain MuJoCo beside mjlab

Bundles exported from mjlab's tasks, run by `leapp deploy BUNDLE --model FILE` in plain MuJoCo (C, float64) beside
mjlab (MuJoCo Warp, float32). Models are `scene`, the scene as mjlab compiles it from the files of its wheel, or such a
file itself with a floor added, where drives, gains and limits come from the bundle and everything else (contacts,
solver, integrator) is the file's own: another robot on another ground, as it were.

*One step*: in every control step of an episode of {seconds:g} s at most, mjlab's state is put into plain MuJoCo, and
both make that step. Given is the largest difference of any reading afterwards, as a share of the range of that reading
in the episode, and in how many of the steps it is within {limit:g}. *Over time*: both begin in the same state, each
controlled by its own bundle; the largest difference so far. Below it the same for mjlab against mjlab with one joint
moved by {nudge:g} at the start: where that grows, as when a robot falls, nothing else is to be expected.

| task | policy | model | one step | at | within {limit:g} | {times} |
|---|---|---|---|---|---|{lines}|
"""


def page(rows: list[dict[str, Any]]) -> str:
    """Return the page."""
    times = " | ".join(f"{t:g} s" for t in EVERY)
    text = HEAD.format(seconds=SECONDS, nudge=NUDGE, limit=LIMIT, times=times, lines="|".join(["---"] * len(EVERY)))
    for case, row in zip(CASES, rows, strict=True):
        at = max(row["one_step"], key=lambda name: row["one_step"][name])
        worst = row["one_step"][at]
        told = f"**{worst:.1e}**" if worst <= LIMIT else f"{worst:.1e}"
        cells = " | ".join(_cell(a) + "<br>" + _cell(b) for a, b in zip(row["curve"], row["nudged"], strict=True))
        model, within = case.model.rpartition("/")[2], f"{row['within']} of {row['steps']}"
        text += f"| {case.case.title} | {row['policy']} | `{model}` | {told} | `{at}` | {within} | {cells} |\n"
    return text


def _cell(value: float | None) -> str:
    return "ended" if value is None else f"{value:.1e}"


def measured(names: list[str]) -> list[dict[str, Any]]:
    """Run cases in mjlab's environment, and return what they gave."""
    done = MJLAB.run("-m", "tests.simulators.plain_mujoco", *names, timeout=3000)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return [json.loads(line.removeprefix(MARK)) for line in done.stdout.splitlines() if line.startswith(MARK)]


def main(arguments: list[str]) -> None:
    """Write the page, or run the cases named."""
    if arguments[:1] == ["--write"]:
        (ROOT / arguments[1]).write_text(page(measured([case.name for case in CASES])), encoding="utf-8")
        return
    import torch

    torch.set_num_threads(1)
    for case in CASES:
        if case.name in arguments:
            with tempfile.TemporaryDirectory() as folder:
                sys.stdout.write(f"{MARK}{json.dumps(asdict(run(case, Path(folder))))}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
