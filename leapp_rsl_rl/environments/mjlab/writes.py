"""Where an action touches the world: what action terms write to an entity, noted as outputs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Setter:
    """A method of ``Entity`` that action terms write targets with.

    Attributes:
        method: Its name; its first argument is the value, its second the element indices.
        names: Attribute of ``Entity`` with the element names.
    """

    method: str
    names: str


SETTERS = {
    "joint_pos_target": Setter("set_joint_position_target", "joint_names"),
    "joint_vel_target": Setter("set_joint_velocity_target", "joint_names"),
    "joint_effort_target": Setter("set_joint_effort_target", "joint_names"),
    "tendon_len_target": Setter("set_tendon_len_target", "tendon_names"),
    "tendon_vel_target": Setter("set_tendon_vel_target", "tendon_names"),
    "tendon_effort_target": Setter("set_tendon_effort_target", "tendon_names"),
    "site_effort_target": Setter("set_site_effort_target", "site_names"),
}


@dataclass(frozen=True)
class Write:
    """One write to an entity.

    Attributes:
        entity: Name of the entity.
        field: Key of :data:`SETTERS`.
        ids: Element indices as the action term gave them.
        value: What was written, ``[envs, elements]``.
    """

    entity: str
    field: str
    ids: Any
    value: torch.Tensor

    def elements(self, env: Any) -> tuple[str, ...]:
        """Return the names of the written elements, in the order of the value."""
        names = getattr(env.scene.entities[self.entity], SETTERS[self.field].names)
        if self.ids is None:
            return tuple(names)
        if isinstance(self.ids, slice):
            return tuple(names[self.ids])
        return tuple(names[int(i)] for i in self.ids)


class WriteBoard:
    """Notes what is written to the entities of one environment while it listens."""

    def __init__(self, env: Any) -> None:
        self._noted: list[Write] | None = None
        for name, entity in env.scene.entities.items():
            for field, setter in SETTERS.items():
                setattr(entity, setter.method, self._noting(name, field, getattr(entity, setter.method)))

    @contextmanager
    def listening(self) -> Iterator[list[Write]]:
        """Note every write within the block in the list it gives."""
        self._noted = []
        try:
            yield self._noted
        finally:
            self._noted = None

    def _noting(self, entity: str, field: str, plain: Callable[..., None]) -> Callable[..., None]:
        parameters = inspect.signature(plain)

        @wraps(plain)
        def write(*args: Any, **kwargs: Any) -> None:
            if self._noted is not None:
                value, ids = _value_and_ids(parameters.bind(*args, **kwargs))
                self._noted.append(Write(entity, field, ids, value))
            plain(*args, **kwargs)

        return write


def _value_and_ids(bound: inspect.BoundArguments) -> tuple[Any, Any]:
    bound.apply_defaults()
    given: Sequence[Any] = list(bound.arguments.values())
    return given[0], given[1]
