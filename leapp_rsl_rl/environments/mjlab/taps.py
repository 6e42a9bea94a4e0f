"""Where an observation touches the world: reads of simulator state, sensors and commands, made interceptable.

mjlab's observation and action terms read the robot through attributes of a few objects (``entity.data.joint_pos``,
``sensor.data``, ``command.command``). Each such object of *one* environment gets a subclass of its own whose tapped
attributes ask a :class:`TapBoard`. Normally the board hands the read through unchanged. While it listens, it notes
what is read; while it serves, it answers every read of a step with the one tensor declared as the policy's input. So
the code between raw readings and joint targets runs as it is, and no reading can slip past its declaration.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from leapp_core.errors import EnvError

if TYPE_CHECKING:
    import torch

Read = Callable[[], Any]


class TapBoard:
    """Decides what a tapped read returns.

    Attributes:
        reads: What was read while listening, by connection, in order: functions that read it again, raw.
    """

    def __init__(self) -> None:
        self.reads: dict[str, Callable[[], torch.Tensor]] = {}
        self._listening = False
        self._served: Mapping[str, torch.Tensor] | None = None

    @property
    def idle(self) -> bool:
        """Whether reads are handed through."""
        return not self._listening and self._served is None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Note every read within the block."""
        self._listening = True
        try:
            yield
        finally:
            self._listening = False

    @contextmanager
    def serving(self, values: Mapping[str, torch.Tensor]) -> Iterator[None]:
        """Answer every read within the block from ``values``."""
        self._served = values
        try:
            yield
        finally:
            self.release()

    def release(self) -> None:
        """Hand reads through again, also within a :meth:`serving` block."""
        self._served = None

    def answer(self, connection: str, raw: Read) -> Any:
        """Return what reading an attribute gets, which is handed through if it is no tensor after all."""
        import torch

        if self.idle:
            return raw()
        if self._served is None or connection not in self._served:
            value = self.raw(raw)
            if not isinstance(value, torch.Tensor):
                return value
        return self.read(connection, raw)

    def read(self, connection: str, raw: Read) -> Any:
        """Return what a read of the tensor ``connection`` gets; ``raw`` reads it from the simulator.

        Raises:
            EnvError: a read while serving that was not seen while listening.
        """
        if self._served is None:
            if self._listening:
                self.reads.setdefault(connection, lambda: self.raw(raw))
            return self.raw(raw)
        if connection not in self._served:
            raise EnvError(
                f"the task reads {connection!r} in some steps only",
                expected="the same readings in every step",
                fix="read it in every step, or leave it out of the observation",
                code="E007",
            )
        return self._served[connection]

    def raw(self, raw: Read) -> Any:
        """Read with everything handed through: a raw read may itself go through tapped attributes."""
        before = self._listening, self._served
        self._listening, self._served = False, None
        try:
            return raw()
        finally:
            self._listening, self._served = before


def tap_attributes(owner: Any, names: Iterable[str], board: TapBoard, connection: Callable[[str], str]) -> None:
    """Give ``owner`` a subclass whose attributes ``names`` ask the board.

    Args:
        owner: An object of the environment.
        names: Attributes, properties or plain ones.
        board: Who is asked.
        connection: Turns an attribute name into its connection.
    """
    _specialise(owner, {name: _tapped(type(owner), name, board, connection(name)) for name in names})


def tap_composites(owner: Any, parts: Mapping[str, tuple[str, ...]], board: TapBoard) -> None:
    """Make attributes that join others (a pose: position and orientation) read their parts unless the board is idle."""
    _specialise(owner, {name: _composite(type(owner), name, names, board) for name, names in parts.items()})


def tap_data(sensor: Any, board: TapBoard, connection: str) -> None:
    """Tap a sensor's ``data``: the tensor itself, or the tensor fields of the dataclass it is."""
    plain = type(sensor).data.fget
    tagged: dict[type, type] = {}

    def data(self: Any) -> Any:
        import torch

        if board.idle:
            return plain(self)
        value = board.raw(lambda: plain(self))
        if isinstance(value, torch.Tensor):
            return board.read(connection, lambda: plain(self))
        return _tag(value, board, connection, tagged)

    _specialise(sensor, {"data": property(data)})


def _specialise(owner: Any, members: Mapping[str, Any]) -> None:
    owner.__class__ = type(type(owner).__name__, (type(owner),), dict(members))


def _tapped(base: type, name: str, board: TapBoard, connection: str) -> property:
    inherited: Any = getattr(base, name, None)
    is_property = isinstance(inherited, property)

    def plain(self: Any) -> Any:
        return inherited.__get__(self) if is_property else self.__dict__[name]

    def get(self: Any) -> Any:
        return board.answer(connection, lambda: plain(self))

    def put(self: Any, value: Any) -> None:
        self.__dict__[name] = value

    return property(get) if is_property else property(get, put)


def _composite(base: type, name: str, parts: tuple[str, ...], board: TapBoard) -> property:
    plain = getattr(base, name).fget

    def get(self: Any) -> Any:
        import torch

        return plain(self) if board.idle else torch.cat([getattr(self, part) for part in parts], dim=-1)

    return property(get)


def _tag(value: Any, board: TapBoard, connection: str, tagged: dict[type, type]) -> Any:
    """Return a copy of a sensor's dataclass whose fields are tapped."""
    base = type(value)
    if base not in tagged:
        names = [f.name for f in dataclasses.fields(value)]
        members = {name: _tapped_field(name, board, f"{connection}:{name}") for name in names}
        tagged[base] = type(base.__name__, (base,), members)
    twin = copy.copy(value)
    twin.__class__ = tagged[base]
    return twin


def _tapped_field(name: str, board: TapBoard, connection: str) -> property:
    def get(self: Any) -> Any:
        return board.answer(connection, lambda: self.__dict__[name])

    def put(self: Any, value: Any) -> None:
        self.__dict__[name] = value

    return property(get, put)
