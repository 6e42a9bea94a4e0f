"""Which attributes of an mjlab environment are raw readings, and what their connections are called.

Connections: ``state:<entity>:<field>`` or ``state:<entity>:<field>:<body>`` (one body of an array of bodies),
``sensor:<name>`` or ``sensor:<name>:<field>``, ``command:<term>`` (the command itself) or ``command:<term>:<field>``.
"""

from __future__ import annotations

from typing import Any

from leapp_core.errors import EnvError
from leapp_core.suggest import suggest
from leapp_rsl_rl.environments.mjlab.taps import TapBoard, tap_attributes, tap_composites, tap_data

_FRAMES = ("root_link", "root_com", "body_link", "body_com", "geom", "site")
FRAME_FIELDS = tuple(f"{frame}_{part}_w" for frame in _FRAMES for part in ("pos", "quat", "lin_vel", "ang_vel"))
"""Poses and velocities in the world frame, as mjlab's ``EntityData`` names them."""

_SCALAR_FIELDS = (
    "joint_pos", "joint_vel", "joint_acc", "tendon_len", "tendon_vel", "actuator_force", "qfrc_actuator",
)  # fmt: skip
_COMPOSITES = {f"{f}_pose_w": (f"{f}_pos_w", f"{f}_quat_w") for f in _FRAMES} | {
    f"{f}_vel_w": (f"{f}_lin_vel_w", f"{f}_ang_vel_w") for f in _FRAMES
}
_ANCHOR = "robot_anchor_"  # a motion command's view of the robot: state of one body, not a command


def install_taps(env: Any, board: TapBoard) -> None:
    """Tap the state of every entity, every sensor and every command of ``env``."""
    for name, entity in env.scene.entities.items():
        data = entity.data
        fields = [f for f in (*FRAME_FIELDS, *_SCALAR_FIELDS) if hasattr(type(data), f)]
        tap_attributes(data, fields, board, lambda field, n=name: f"state:{n}:{field}")  # type: ignore[misc]
        tap_composites(data, {k: v for k, v in _COMPOSITES.items() if hasattr(type(data), k)}, board)
    for name, sensor in env.scene.sensors.items():
        tap_data(sensor, board, f"sensor:{name}")
    for name in env.command_manager.active_terms:
        _tap_command(env.command_manager.get_term(name), name, board)


def _tap_command(term: Any, name: str, board: TapBoard) -> None:
    robot = term.cfg.__dict__.get("entity_name")

    def connection(field: str) -> str:
        if field.startswith(_ANCHOR):
            return f"state:{robot}:body_link_{field.removeprefix(_ANCHOR)}:{term.cfg.anchor_body_name}"
        return f"command:{name}" if field == "command" else f"command:{name}:{field}"

    tap_attributes(term, _command_fields(term), board, connection)


def _command_fields(term: Any) -> list[str]:
    """Return what observations may read of a command: its properties and per-environment tensors.

    Properties that show the robot (``robot_...``) are left alone, so that the reads behind them are seen; the anchor
    body's are one body of an array, and become that.
    """
    import torch

    properties = [n for n in dir(type(term)) if isinstance(getattr(type(term), n, None), property)]
    tensors = [n for n, v in vars(term).items() if isinstance(v, torch.Tensor) and v.shape[:1] == (term.num_envs,)]
    public = [n for n in (*properties, *tensors) if not n.startswith("_")]
    return [n for n in public if not n.startswith("robot_") or n.startswith(_ANCHOR)]


def read_connection(env: Any, connection: str) -> Any:
    """Return the tensor a connection names, read from ``env`` now.

    Raises:
        EnvError: the connection is not one of these, or names what the environment does not have.
    """
    kind, _, rest = connection.partition(":")
    readers = {"state": _read_state, "sensor": _read_sensor, "command": _read_command}
    if kind not in readers or not rest:
        raise EnvError(
            f"connection {connection!r} cannot be read", expected="state:…, sensor:… or command:…", code="E006"
        )
    return readers[kind](env, rest.split(":"), connection)


def _read_state(env: Any, parts: list[str], connection: str) -> Any:
    data = _member(env.scene.entities, parts[0], connection).data
    if len(parts) < 2 or parts[1] not in (*FRAME_FIELDS, *_SCALAR_FIELDS):
        raise EnvError(
            f"connection {connection!r} names no state", expected=suggest(parts[-1], _SCALAR_FIELDS), code="E006"
        )
    value = getattr(data, parts[1])
    if len(parts) == 2:
        return value
    names = env.scene.entities[parts[0]].body_names
    if parts[2] not in names:
        raise EnvError(f"connection {connection!r} names no body", expected=suggest(parts[2], names), code="E006")
    return value[:, names.index(parts[2])]


def _read_sensor(env: Any, parts: list[str], connection: str) -> Any:
    value = _member(env.scene.sensors, parts[0], connection).data
    return getattr(value, parts[1]) if len(parts) > 1 else value


def _read_command(env: Any, parts: list[str], connection: str) -> Any:
    terms = {name: env.command_manager.get_term(name) for name in env.command_manager.active_terms}
    return getattr(_member(terms, parts[0], connection), parts[1] if len(parts) > 1 else "command")


def _member(members: Any, name: str, connection: str) -> Any:
    if name not in members:
        raise EnvError(f"connection {connection!r}: there is no {name!r}", expected=suggest(name, members), code="E006")
    return members[name]
