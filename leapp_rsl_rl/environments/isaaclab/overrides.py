"""Overrides of an Isaac Lab task's configuration: applied by Isaac Lab and Hydra, checked here.

Isaac Lab sets whatever attribute an override names, so a misspelt one would change nothing and be noticed by nobody.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from leapp_core.errors import EnvError, UsageError
from leapp_core.suggest import suggest

_ROOTS = ("env", "agent")
_SELECTORS = ("presets=", "physics=", "renderer=")
_QUIET_HYDRA = ("hydra.run.dir=.", "hydra.output_subdir=null")
_UNRESOLVED = (ValueError, KeyError, AttributeError, TypeError, ImportError)
Resolve = Callable[[list[str]], tuple[Any, Any]]


@dataclass(frozen=True)
class _Assignment:
    """An override that Isaac Lab sets by itself: ``env.PATH=VALUE`` or ``agent.PATH=VALUE``."""

    text: str
    keys: tuple[str, ...]

    @property
    def holder(self) -> str:
        """What the last key belongs to."""
        return ".".join(self.keys[:-1])


def resolve_config(resolve: Resolve, overrides: list[str]) -> tuple[Any, Any]:
    """Return the configurations of environment and agent with overrides applied.

    Args:
        resolve: Isaac Lab's, given overrides.
        overrides: From the command line.

    Raises:
        UsageError: an override that cannot be read, names what there is not, or gives a text for a number.
        EnvError: Isaac Lab cannot resolve the configuration.
    """
    assignments = [_Assignment(o, tuple(o.partition("=")[0].split("."))) for o in overrides if _assigns(o)]
    plain = [o for o in overrides if o.startswith(_SELECTORS)]
    others = len(assignments) + len(plain) < len(overrides)
    try:
        resolved = _resolve(resolve, [*overrides, *(_QUIET_HYDRA if others else ())])
    except _UNRESOLVED as error:
        default = _roots(_default(resolve, plain))
        for assignment in assignments:
            _check_path(assignment, default)
        raise EnvError(f"Isaac Lab cannot resolve the task with {' '.join(overrides)}: {error}", code="E003") from error
    if assignments:
        found, default = _roots(resolved), _roots(_default(resolve, plain))
        for assignment in assignments:
            _check(assignment, found, default)
    return resolved


def agent_changes(overrides: list[str], agent: Mapping[str, Any]) -> dict[str, Any]:
    """Return what overrides set in the agent's configuration, by dotted path.

    Args:
        overrides: From the command line.
        agent: The configuration with them applied, as plain values in the layout of rsl-rl-lib 5.x. Overrides of the
            former section ``policy`` are found in it where Isaac Lab has taken them to.
    """
    paths = [text.partition("=")[0].lstrip("+").partition(".") for text in overrides if "=" in text]
    places = [place for root, _, path in paths if root == "agent" for place in _places(path)]
    return {".".join(keys): _walk(agent, keys) for keys in places if _has(agent, keys)}


def _places(path: str) -> tuple[tuple[str, ...], ...]:
    """Return where a setting of an agent may be: in its place, or, of 3.x and before, in the section of a model."""
    *section, name = path.split(".")
    if path == "empirical_normalization":
        return (("actor", "obs_normalization"),)
    if section != ["policy"]:
        return ((*section, name),)
    return tuple((role, name.removeprefix(f"{role}_")) for role in ("actor", "student"))


def _has(agent: Mapping[str, Any], keys: tuple[str, ...]) -> bool:
    holder = _walk(agent, keys[:-1])
    return isinstance(holder, Mapping) and keys[-1] in holder


def _assigns(override: str) -> bool:
    path, equals, _ = override.partition("=")
    return bool(equals) and path.startswith(tuple(f"{root}." for root in _ROOTS)) and not path.endswith("+")


def _roots(resolved: tuple[Any, Any]) -> dict[str, Any]:
    return dict(zip(_ROOTS, resolved, strict=True))


def _default(resolve: Resolve, plain: list[str]) -> tuple[Any, Any]:
    """Return the configuration as it is without assignments."""
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            return _resolve(resolve, plain)
        except _UNRESOLVED as error:
            kind = UsageError if plain else EnvError
            said = " ".join(str(error).split())
            raise kind(f"Isaac Lab cannot resolve the task's configuration with {' '.join(plain)}: {said}") from error


def _resolve(resolve: Resolve, overrides: list[str]) -> tuple[Any, Any]:
    """Compose a task's configuration; Hydra leaves the program on a bad override, having said why."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            resolved = resolve(overrides)
    except SystemExit as error:
        raise UsageError(
            f"Hydra cannot apply the overrides: {_reason(said.getvalue())}",
            expected="env.PATH=VALUE, agent.PATH=VALUE, presets=NAME, physics=NAME",
            code="E003",
        ) from error
    sys.stderr.write(said.getvalue())
    return resolved


def _reason(said: str) -> str:
    """Return what Hydra says, in a line; of a traceback, its end."""
    lines = [line.strip() for line in said.splitlines() if line.strip() and "HYDRA_FULL_ERROR" not in line]
    return lines[-1] if any(line.startswith("Traceback") for line in lines) else "; ".join(lines)


def _check(assignment: _Assignment, found: Mapping[str, Any], default: Mapping[str, Any]) -> None:
    """Refuse an assignment that made up its target, or gave a text where there was a number or a list."""
    holder = _walk(found, assignment.keys[:-1])
    key = assignment.keys[-1]
    if not isinstance(holder, Mapping) and key not in _declared(holder):
        _check_path(assignment, default)
    value = _child(holder, key)
    before = _walk(default, assignment.keys)
    if isinstance(value, str) and isinstance(before, (bool, int, float, list, tuple)) and not _takes_text(holder, key):
        raise UsageError(
            f"override {assignment.text!r} gives the text {value!r}",
            expected=f"a value like {before!r}, the default",
            code="E003",
        )


def _check_path(assignment: _Assignment, default: Mapping[str, Any]) -> None:
    """Refuse a path that the configuration does not have."""
    holder: Any = default
    for depth, key in enumerate(assignment.keys):
        names = [str(k) for k in holder] if isinstance(holder, Mapping) else list(vars(holder)) if _open(holder) else []
        if key not in names:
            where = ".".join(assignment.keys[:depth])
            raise UsageError(
                f"override {assignment.text!r}: there is no {key!r} in {where}",
                expected=suggest(key, names) or None,
                code="E003",
            )
        holder = _child(holder, key)


def _open(holder: Any) -> bool:
    return dataclasses.is_dataclass(holder)


def _declared(holder: Any) -> set[str]:
    return {field.name for field in dataclasses.fields(holder)} if _open(holder) else set()


def _takes_text(holder: Any, key: str) -> bool:
    """Return whether a field is declared to hold texts too, such as ``float | Literal["auto"]``."""
    types = {field.name: str(field.type) for field in dataclasses.fields(holder)} if _open(holder) else {}
    return any(word in types.get(key, "") for word in ("str", "Literal", "Any"))


def _walk(roots: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    holder: Any = roots
    for key in keys:
        holder = _child(holder, key)
    return holder


def _child(holder: Any, key: str) -> Any:
    return holder.get(key) if isinstance(holder, Mapping) else getattr(holder, key, None)
