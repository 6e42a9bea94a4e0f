"""The list of built-in tasks. Importing it loads no torch: commands that only list tasks stay fast."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from leapp_core.errors import UsageError
from leapp_core.suggest import suggest

if TYPE_CHECKING:
    from leapp_rsl_rl.environments.builtin.config import EnvConfig

_PACKAGE = "leapp_rsl_rl.environments.builtin"


@dataclass(frozen=True)
class BuiltinTask:
    """A task that comes with a trained policy."""

    name: str
    summary: str
    policy: str
    """Kind of the shipped policy, in words."""
    config_ref: str
    """``module:function`` that returns the :class:`EnvConfig`, below this package."""
    agent_ref: str
    """``module:function`` that returns the training configuration, below this package."""

    @property
    def assets(self) -> Path:
        """Folder of the shipped checkpoint."""
        return Path(__file__).parent / "assets" / self.name

    @property
    def checkpoint(self) -> Path:
        """The shipped checkpoint: the one with the most iterations."""
        found = sorted(self.assets.glob("model_*.pt"), key=lambda path: int(path.stem.rpartition("_")[2]))
        return found[-1] if found else self.assets / "model_0.pt"

    def env_config(self) -> EnvConfig:
        """Return the task's environment as it is trained."""
        return cast("EnvConfig", _resolve(self.config_ref)())

    def agent_config(self) -> dict[str, Any]:
        """Return the task's training configuration."""
        return cast("dict[str, Any]", _resolve(self.agent_ref)())


BUILTIN_TASKS = (
    BuiltinTask(
        "Builtin-Reach-Arm",
        "bring the tip of a planar three-link arm to a commanded point",
        "MLP with normalized observations",
        "tasks.reach_arm:config",
        "agents:reach_arm",
    ),
    BuiltinTask(
        "Builtin-Balance-Partial",
        "balance a pole on a cart from positions alone",
        "GRU",
        "tasks.balance:config",
        "agents:balance",
    ),
    BuiltinTask(
        "Builtin-Velocity-Hopper",
        "hop on one leg at a commanded speed, with delayed and stacked observations",
        "MLP on a history of observations",
        "tasks.hopper:config",
        "agents:hopper",
    ),
    BuiltinTask(
        "Builtin-Velocity-Hopper-LSTM",
        "hop on one leg at a commanded speed, remembering instead of stacking",
        "LSTM with normalized observations",
        "tasks.hopper:recurrent_config",
        "agents:hopper_lstm",
    ),
)


def find_task(name: str) -> BuiltinTask:
    """Return the task called ``name``.

    Raises:
        UsageError: There is none; the nearest is suggested.
    """
    for task in BUILTIN_TASKS:
        if task.name == name:
            return task
    raise UsageError(
        f"unknown built-in task {name!r}", expected=suggest(name, [task.name for task in BUILTIN_TASKS]), code="E001"
    )


def _resolve(reference: str) -> Any:
    module, _, attribute = reference.partition(":")
    return getattr(import_module(f"{_PACKAGE}.{module}"), attribute)
