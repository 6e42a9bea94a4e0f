"""A task's configuration, made fit for one environment that can be exported."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leapp_core.errors import EnvError, UsageError
from leapp_core.plugins.environments import EnvRequest
from leapp_core.suggest import suggest
from leapp_core.words import counted
from leapp_rsl_rl.environments.mjlab.overrides import apply_overrides

_RANDOMISATION = "mjlab.envs.mdp.dr"
_PERTURBING_MODES = ("interval", "step")
_OPTIONAL_MODEL_KEYS = ("cnn_cfg", "distribution_cfg")
_RNN_KEYS = ("rnn_type", "rnn_hidden_dim", "rnn_num_layers")


@dataclass(frozen=True)
class TaskConfig:
    """What an environment is made from.

    Attributes:
        env: mjlab's ``ManagerBasedRlEnvCfg``, one environment, noise and training-only randomisation off.
        agent: The agent's configuration as plain values.
        episode_steps: Control steps of a training episode.
        notes: What was switched off or fixed.
        agent_changes: What overrides set in ``agent``, by dotted path.
    """

    env: Any
    agent: dict[str, Any]
    episode_steps: int
    notes: tuple[str, ...]
    agent_changes: Mapping[str, Any]


def load_config(request: EnvRequest) -> TaskConfig:
    """Load a registered task's play configuration and prepare it.

    Raises:
        UsageError: unknown task or override.
        EnvError: the configuration lacks something only the user can give.
    """
    import mjlab.tasks  # noqa: F401 - importing registers the tasks
    from mjlab.tasks.registry import list_tasks, load_env_cfg, load_rl_cfg

    if request.task not in list_tasks():
        raise UsageError(
            f"mjlab has no task {request.task!r}", expected=suggest(request.task, list_tasks()), code="E001"
        )
    cfg = load_env_cfg(request.task, play=True)
    training = load_env_cfg(request.task)
    agent = load_rl_cfg(request.task)
    changes = apply_overrides(request.overrides, cfg, agent)
    _check_motion_files(request.task, cfg)
    cfg.seed = request.seed
    cfg.scene.num_envs = 1
    cfg.scale_rewards_by_dt = False  # rewards are only reported, and per step they read best
    notes = (*_quiet_observations(cfg), *_quiet_events(cfg), *_drop_training_managers(cfg))
    step = cfg.sim.mujoco.timestep * cfg.decimation
    return TaskConfig(cfg, plain_agent(agent), max(1, round(training.episode_length_s / step)), notes, changes)


def plain_agent(agent: Any) -> dict[str, Any]:
    """Return mjlab's agent configuration as plain values, without the optional keys that are not set."""
    values: dict[str, Any] = dataclasses.asdict(agent)
    for role in ("actor", "critic"):
        model = values.get(role) or {}
        unset = [key for key in _OPTIONAL_MODEL_KEYS if model.get(key) is None]
        unset += _RNN_KEYS if model.get("rnn_type") is None else ()
        for key in unset:
            model.pop(key, None)
    return values


def _check_motion_files(task: str, cfg: Any) -> None:
    for name, command in cfg.commands.items():
        given = getattr(command, "motion_file", None)
        if given is None or (given and Path(given).is_file()):
            continue
        lack = f"there is no file {given}" if given else f"command {name!r} has no motion file"
        raise EnvError(
            f"task {task} tracks a motion, and {lack}",
            expected="a motion as mjlab's csv_to_npz script writes it",
            fix=f"pass the override env.commands.{name}.motion_file=PATH.npz",
            code="E002",
        )


def _quiet_observations(cfg: Any) -> list[str]:
    """Switch noise off, and pin random delays, which stand for the latency of real sensors."""
    notes = []
    for group_name, group in cfg.observations.items():
        if group is None:
            continue
        if group.enable_corruption:
            group.enable_corruption = False
            notes.append(f"noise of observation group {group_name!r} is off")
        for term_name, term in group.terms.items():
            if term is None or not term.delay_max_lag:
                continue
            if term.delay_min_lag != term.delay_max_lag:
                notes.append(
                    f"delay of observation {group_name}/{term_name} is fixed at its least, "
                    f"{counted(term.delay_min_lag, 'step')} "
                    f"(training: random up to {term.delay_max_lag}); the robot's sensors bring the rest"
                )
            term.delay_max_lag = term.delay_min_lag
            term.delay_hold_prob, term.delay_update_period, term.delay_per_env_phase = 0.0, 0, False
    return notes


def _quiet_events(cfg: Any) -> list[str]:
    """Remove randomisation (some of it, as an encoder bias, would end up in the policy) and disturbances."""
    notes = []
    for name, event in list(cfg.events.items()):
        if event is None:
            continue
        source = getattr(event.func, "__module__", "")
        if source.startswith(_RANDOMISATION) or hasattr(event.func, "model_fields"):
            why = "domain randomisation"
        elif event.mode in _PERTURBING_MODES:
            why = "disturbance"
        else:
            continue
        del cfg.events[name]
        function = getattr(event.func, "__name__", type(event.func).__name__)
        notes.append(f"event {name!r} ({event.mode}, {function}) is off: {why}")
    return notes


def _drop_training_managers(cfg: Any) -> list[str]:
    notes = ["curriculum is off"] if cfg.curriculum else []
    cfg.curriculum, cfg.metrics, cfg.recorders = {}, {}, {}
    return notes
