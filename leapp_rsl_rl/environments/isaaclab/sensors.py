"""What Isaac Lab's annotations leave out about sensors: readings without semantics, and readings that stand still.

Isaac Lab annotates a reading whose property carries its semantics. Some sensors' do not (the wrench at a joint, which
locomotion tasks observe at the feet), so the exported policy would hold the first reading as a constant. And what it
puts in a sensor's place while it annotates reads a sensor's memory without asking the sensor to refresh it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_MARK = "_leapp_semantics"


class SensorReadings:
    """Declares the readings of a scene's sensors that Isaac Lab leaves undeclared.

    Args:
        scene: Isaac Lab's scene.

    Attributes:
        declared: Readings that were read since, as ``sensor.property``.
    """

    def __init__(self, scene: Any) -> None:
        self.declared: list[str] = []
        self._sensors = dict(scene.sensors)
        self._names = {id(sensor.data): name for name, sensor in self._sensors.items()}
        for sensor in self._sensors.values():
            for attribute, getter in _undeclared(type(sensor.data)):
                setattr(getter, _MARK, self._semantics(attribute, getter))

    def refresh(self) -> None:
        """Let every sensor take what is due into its memory, as reading it does in training."""
        for sensor in self._sensors.values():
            sensor.data  # noqa: B018 - asking for the data is what refreshes it

    def _semantics(self, attribute: str, getter: Callable[[Any], Any]) -> Any:
        from isaaclab.utils.leapp.leapp_semantics import LeappTensorSemantics

        def names(data: Any) -> list[list[str]] | None:
            reading = f"{self._names.get(id(data), 'sensor')}.{attribute}"
            if reading not in self.declared:
                self.declared.append(reading)
            return _element_names(data, getter(data).torch.shape)

        return LeappTensorSemantics(element_names_resolver=names)


def _undeclared(data_class: type) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """Return properties that neither a class nor one it derives from gives semantics, with their getters."""
    for name in dir(data_class):
        found = [vars(base)[name] for base in data_class.__mro__ if isinstance(vars(base).get(name), property)]
        getters = [prop.fget for prop in found if prop.fget is not None]
        if getters and not name.startswith("_") and not any(hasattr(getter, _MARK) for getter in getters):
            yield name, getters[0]


def _element_names(data: Any, shape: Any) -> list[list[str]] | None:
    """Return names of bodies and axes for a reading ``[1, bodies, 3]``."""
    bodies = list(getattr(data, "body_names", None) or getattr(data, "_body_names", None) or ())
    return [bodies, ["x", "y", "z"]] if tuple(shape[1:]) == (len(bodies), 3) else None


@contextmanager
def clocks_stopped(scene: Any) -> Iterator[None]:
    """Let no sensor's clock run within the block.

    Isaac Lab's deployment moves them by a physics step when it resets; training does not, and a sensor whose clock runs
    takes the forces of the episode before for its first reading.
    """
    scene.update = lambda dt: None
    try:
        yield
    finally:
        del scene.update
