"""What a controller reads from and writes to."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from leapp_core.runtime.arrays import Array


@dataclass(frozen=True)
class Reading:
    """One set of readings of a robot.

    Attributes:
        values: One array per input of the policy, of its dtype and shape.
        taken: When it was taken, in seconds of the clock of the policy's limits.
        session: Run of the robot that it is from. The policy is reset where a reading is of another run than the last.
        number: Number of the reading within its run.
    """

    values: Mapping[str, Any]
    taken: float
    session: int = 0
    number: int = 0


class Adapter(Protocol):
    """Connects a controller with a robot. All methods are called from the thread that runs the loop."""

    def read(self) -> Reading | None:
        """Return the newest reading that came since the last call, ``None`` if there is none; never waits for one.

        Raises:
            RuntimeInputError: what came is not readings of this policy. The controller goes on with the reading before
                it, as long as that is young enough.
        """
        ...

    def write(self, outputs: Mapping[str, Array], reading: Reading) -> None:
        """Send commands, and say which reading they answer."""
        ...

    def stop(self, outputs: Mapping[str, Array] | None) -> None:
        """Send what is last: the safe outputs, or where there are none, only that nothing more will come."""
        ...


class FunctionAdapter:
    """An adapter of two functions.

    Args:
        read: Returns readings by input name, or ``None`` if there are no new ones.
        write: Takes commands by output name.
        clock: Present time; readings count as taken when ``read`` returns.
    """

    def __init__(
        self,
        read: Callable[[], Mapping[str, Any] | None],
        write: Callable[[Mapping[str, Array]], object],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read, self._write, self._clock = read, write, clock
        self._number = 0

    def read(self) -> Reading | None:
        """Call ``read``."""
        values = self._read()
        if values is None:
            return None
        self._number += 1
        return Reading(values, self._clock(), number=self._number)

    def write(self, outputs: Mapping[str, Array], reading: Reading) -> None:
        """Call ``write``."""
        self._write(outputs)

    def stop(self, outputs: Mapping[str, Array] | None) -> None:
        """Write the safe outputs, if there are any."""
        if outputs is not None:
            self._write(outputs)
