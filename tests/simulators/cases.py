"""What is exported from simulators: task by actor kind."""

from __future__ import annotations

from dataclasses import dataclass

LIMIT = 1e-5
"""Goal: largest difference of a joint target, relative to the largest value of that element in the episode."""
DATA = "tests/simulators/data"
CHECKPOINT = f"{DATA}/mjlab_cartpole_balance.pt"
_RNN = ("agent.actor.class_name=RNNModel", "agent.actor.rnn_hidden_dim=32")


@dataclass(frozen=True)
class Case:
    """One row of the table.

    Attributes:
        env: Environment provider.
        task: Task name.
        actor: Kind of actor and what is special, for people.
        overrides: Configuration overrides; ``MOTION`` stands for a motion file.
        checkpoint: Trained checkpoint, relative to the project; without, weights are drawn.
        backend: Export backend.
        steps: Closed-loop steps.
        ci: Runs in continuous integration.
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
    seed: int = 7
    rnn: str | None = None

    @property
    def name(self) -> str:
        """Unique name."""
        return f"{self.env} {self.task} {self.actor} {self.backend}"


def _mjlab(task: str, actor: str, *overrides: str, **more: object) -> Case:
    return Case("mjlab", f"Mjlab-{task}", actor, overrides, **more)  # type: ignore[arg-type]


def _isaaclab(task: str, actor: str, *overrides: str, **more: object) -> Case:
    return Case("isaaclab", task, actor, overrides, **more)  # type: ignore[arg-type]


ISAAC_HISTORY = "env.observations.policy.history_length=3"
MOTION = "env.commands.motion.motion_file=MOTION"
HISTORY = "env.observations.actor.history_length=4"
DELAY = tuple(f"env.observations.actor.terms.pole_angle.delay_{end}_lag=2" for end in ("min", "max"))
_GRU = (*_RNN, "agent.actor.rnn_type=gru")
_OLD = (HISTORY, *DELAY)
_DELAYED = "GRU, history of 4, delay of 2"

CASES = (
    _mjlab("Cartpole-Balance", "MLP, trained", checkpoint=CHECKPOINT, steps=500, ci=True),
    _mjlab("Cartpole-Balance", "MLP, trained", checkpoint=CHECKPOINT, backend="onnx-torchscript"),
    _mjlab("Cartpole-Balance", "MLP, trained", checkpoint=CHECKPOINT, backend="jit-script"),
    _mjlab("Cartpole-Balance", "MLP, trained", checkpoint=CHECKPOINT, backend="jit-trace"),
    _mjlab("Cartpole-Balance", "MLP, trained", checkpoint=CHECKPOINT, backend="pt2"),
    _mjlab("Cartpole-Balance", "GRU, trained", checkpoint=f"{DATA}/mjlab_cartpole_gru/model.pt"),
    _mjlab("Cartpole-Balance", "GRU", *_GRU),
    _mjlab("Cartpole-Balance", "GRU", *_GRU, backend="jit-trace"),
    _mjlab("Cartpole-Balance", "LSTM", *_RNN, "agent.actor.rnn_type=lstm"),
    _mjlab("Cartpole-Balance", "MLP, history of 4", HISTORY),
    _mjlab("Cartpole-Balance", f"{_DELAYED}, trained", *_OLD, checkpoint=f"{DATA}/mjlab_cartpole_gru_old/model.pt"),
    _mjlab("Cartpole-Balance", _DELAYED, *_GRU, *_OLD),
    _mjlab("Cartpole-Balance", _DELAYED, *_GRU, *_OLD, backend="jit-trace"),
    _mjlab("Cartpole-Swingup", "MLP"),
    _mjlab("Velocity-Flat-Unitree-Go1", "MLP", ci=True),
    _mjlab("Velocity-Flat-Unitree-Go1", "LSTM, history of 4", *_RNN, "agent.actor.rnn_type=lstm", HISTORY),
    _mjlab("Velocity-Flat-Unitree-G1", "MLP"),
    _mjlab("Velocity-Flat-Unitree-G1", "MLP", backend="jit-trace"),
    _mjlab("Velocity-Rough-Unitree-Go1", "MLP, height scan"),
    _mjlab("Velocity-Rough-Unitree-G1", "MLP, height scan"),
    _mjlab("Velocity-Rough-Unitree-G1", "MLP, height scan", backend="jit-trace"),
    _mjlab("Lift-Cube-Yam", "MLP"),
    _mjlab("Lift-Cube-Yam-Depth", "CNN, depth camera", ci=True),
    _mjlab("Lift-Cube-Yam-Rgb", "CNN, colour camera"),
    _mjlab("Multi-Cube-Seg-Yam", "CNN, depth and segmentation"),
    _mjlab("Tracking-Flat-Unitree-G1", "MLP, motion", MOTION, ci=True),
    _mjlab("Tracking-Flat-Unitree-G1-No-State-Estimation", "MLP, motion", MOTION),
    _mjlab("Tracking-Flat-Unitree-G1-No-State-Estimation", "MLP, motion", MOTION, backend="jit-trace"),
    _isaaclab("Isaac-Cartpole", "MLP", ci=True),
    _isaaclab("Isaac-Cartpole", "MLP", backend="jit-script"),
    _isaaclab("Isaac-Cartpole", "MLP, history of 3", ISAAC_HISTORY),
    _isaaclab("Isaac-Cartpole", "GRU", rnn="gru"),
    _isaaclab("Isaac-Cartpole", "LSTM", rnn="lstm"),
    _isaaclab("Isaac-Ant", "MLP"),
    _isaaclab("Isaac-Ant", "MLP", backend="jit-script"),
    _isaaclab("Isaac-Humanoid", "MLP"),
    _isaaclab("Isaac-Humanoid", "MLP", backend="jit-trace"),
)
