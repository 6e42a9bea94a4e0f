"""What is exported from simulators: task by actor kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace

LIMIT = 1e-5
"""Goal: largest difference of a joint target, relative to the largest value of that element in the episode."""
DATA = "tests/simulators/data"
CHECKPOINT = f"{DATA}/mjlab_cartpole_balance.pt"
DIRECT = "docs.examples.isaaclab_direct.annotated_cartpole:Annotated-Cartpole-Direct"
CONTACTS = "tests.simulators.isaaclab_tasks:Isaac-Velocity-Flat-Go2-Contacts"
BACKENDS = ("onnx-dynamo", "jit-trace")
_RNN = ("agent.actor.class_name=RNNModel", "agent.actor.rnn_hidden_dim=32")


@dataclass(frozen=True)
class Case:
    """One row of the table.

    Attributes:
        env: Environment provider.
        task: Task name, ``MODULE:TASK`` if importing a module registers it.
        actor: Kind of actor and what is special, for people.
        overrides: Configuration overrides; ``MOTION`` stands for a motion file.
        checkpoint: Trained checkpoint, relative to the project; without, weights are drawn.
        backend: Export backend.
        steps: Closed-loop steps.
        ci: Runs in continuous integration, always.
        telling: Of the ten tasks whose rows must not be old: what they have in common, all others are made of.
        seed: Seed of the compared episode; the same for all, so that none is picked.
        rnn: Recurrent cell of an actor whose configuration is saved beside the checkpoint, as a training run does.
    """

    env: str
    task: str
    actor: str
    overrides: tuple[str, ...] = ()
    checkpoint: str | None = None
    backend: str = "onnx-dynamo"
    steps: int = 200
    ci: bool = False
    telling: bool = False
    seed: int = 7
    rnn: str | None = None

    @property
    def title(self) -> str:
        """Name of the task without its module."""
        return self.task.rpartition(":")[2]

    @property
    def name(self) -> str:
        """Unique name."""
        return f"{self.env} {self.title} {self.actor} {self.backend}"

    @property
    def recording(self) -> Case:
        """What it has in common with the cases that one recording serves: all but the backend."""
        return replace(self, backend="", steps=0, ci=False)


def groups(cases: Iterable[Case]) -> list[tuple[Case, ...]]:
    """Return cases that one recording serves together, in the order in which the first of each comes."""
    found: dict[tuple[object, ...], list[Case]] = {}
    for case in cases:
        found.setdefault(astuple(case.recording), []).append(case)
    return [tuple(group) for group in found.values()]


def turn_of(number: int, cases: Sequence[Case]) -> tuple[Case, ...]:
    """Return the cases that continuous integration runs beside those it always runs: those of one recording.

    Args:
        number: Of commits, so that a rerun takes the same.
        cases: To choose from.
    """
    always = {astuple(case.recording) for case in cases if case.ci}
    others = [group for group in groups(cases) if astuple(group[0].recording) not in always]
    return others[number % len(others)]


def _both(env: str, task: str, actor: str, *overrides: str, **more: object) -> tuple[Case, ...]:
    """Return a case for each of the two backends that every task is exported with."""
    case = Case(env, task, actor, overrides, **more)  # type: ignore[arg-type]
    return tuple(replace(case, backend=backend) for backend in BACKENDS)


def _mjlab(task: str, actor: str, *overrides: str, **more: object) -> tuple[Case, ...]:
    return _both("mjlab", f"Mjlab-{task}", actor, *overrides, **more)


def _isaaclab(task: str, actor: str, *overrides: str, **more: object) -> tuple[Case, ...]:
    return _both("isaaclab", task, actor, *overrides, **more)


def _with(cases: tuple[Case, ...], *backends: str) -> tuple[Case, ...]:
    """Return the cases, and the same once more for each further backend."""
    return (*cases, *(replace(cases[0], backend=backend) for backend in backends))


ISAAC_HISTORY = "env.observations.policy.history_length=3"
NORMALIZED = "agent.actor.obs_normalization=true"
MOTION = "env.commands.motion.motion_file=MOTION"
HISTORY = "env.observations.actor.history_length=4"
DELAY = tuple(f"env.observations.actor.terms.pole_angle.delay_{end}_lag=2" for end in ("min", "max"))
_GRU = (*_RNN, "agent.actor.rnn_type=gru")
_LSTM = (*_RNN, "agent.actor.rnn_type=lstm")
_OLD = (HISTORY, *DELAY)
_DELAYED = "GRU, history of 4, delay of 2"
_FLAT_G1 = "Tracking-Flat-Unitree-G1"

CASES = (
    *_with(
        _mjlab("Cartpole-Balance", "MLP, trained", checkpoint=CHECKPOINT, steps=500, ci=True),
        *("onnx-torchscript", "jit-script", "pt2"),
    ),
    *_mjlab("Cartpole-Balance", "GRU, trained", checkpoint=f"{DATA}/mjlab_cartpole_gru/model.pt"),
    *_mjlab("Cartpole-Balance", "GRU", *_GRU),
    *_mjlab("Cartpole-Balance", "LSTM", *_LSTM),
    *_mjlab("Cartpole-Balance", "MLP, history of 4", HISTORY),
    *_mjlab("Cartpole-Balance", f"{_DELAYED}, trained", *_OLD, checkpoint=f"{DATA}/mjlab_cartpole_gru_old/model.pt"),
    *_mjlab("Cartpole-Balance", _DELAYED, *_GRU, *_OLD),
    *_mjlab("Cartpole-Swingup", "MLP"),
    *_mjlab("Velocity-Flat-Unitree-Go1", "MLP", ci=True, telling=True),
    *_mjlab("Velocity-Flat-Unitree-Go1", "LSTM, history of 4", *_LSTM, HISTORY),
    *_mjlab("Velocity-Flat-Unitree-G1", "MLP"),
    *_mjlab("Velocity-Rough-Unitree-Go1", "MLP, height scan"),
    *_mjlab("Velocity-Rough-Unitree-G1", "MLP, height scan"),
    *_mjlab("Lift-Cube-Yam", "MLP"),
    *_mjlab("Lift-Cube-Yam-Depth", "CNN, depth camera", telling=True),
    *_mjlab("Lift-Cube-Yam-Rgb", "CNN, colour camera"),
    *_mjlab("Multi-Cube-Seg-Yam", "CNN, depth and segmentation"),
    *_mjlab(_FLAT_G1, "MLP, motion", MOTION),
    *_mjlab(f"{_FLAT_G1}-No-State-Estimation", "MLP, motion", MOTION),
    *_isaaclab("Isaac-Cartpole", "MLP", ci=True, telling=True),
    *_isaaclab("Isaac-Cartpole", "MLP, history of 3, normalizer", ISAAC_HISTORY, NORMALIZED),
    *_isaaclab("Isaac-Cartpole", "GRU", rnn="gru", telling=True),
    *_isaaclab("Isaac-Cartpole", "LSTM", rnn="lstm"),
    *_isaaclab("Isaac-Ant", "MLP", telling=True),
    *_isaaclab("Isaac-Humanoid", "MLP", ci=True, telling=True),
    *_isaaclab("Isaac-Velocity-Flat-UnitreeGo2", "MLP, heading command", ci=True, telling=True),
    *_isaaclab("Isaac-Velocity-Rough-UnitreeGo2", "MLP, height scan, heading command", telling=True),
    *_isaaclab(CONTACTS, "MLP, contact forces over time", telling=True),
    *_isaaclab("Isaac-Reach-UR10", "MLP, pose command"),
    *_isaaclab(DIRECT, "MLP, direct workflow", telling=True),
)
