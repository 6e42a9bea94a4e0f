"""Keep of the messages that come only those that are newer than what came before."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from leapp_core.errors import RuntimeInputError
from leapp_core.runtime.arrays import Array
from leapp_core.runtime.control.adapter import Reading
from leapp_core.runtime.control.wire import Frame, Layout

Stamps = Literal["arrival", "sender"]


class Transport(Protocol):
    """Carries messages."""

    def receive(self) -> Iterable[bytes]:
        """Return the messages that came since the last call, oldest first; never waits."""
        ...

    def send(self, data: bytes) -> None:
        """Send a message; one that cannot be sent is lost."""
        ...


@dataclass
class LinkCounts:
    """What a link saw.

    Attributes:
        received: Messages that were new.
        repeated: Messages left out, since a newer one or the same had come.
        refused: Messages left out, since they were none of these ports or damaged.
        sent: Messages sent.
    """

    received: int = 0
    repeated: int = 0
    refused: int = 0
    sent: int = 0


class Link:
    """One end of a connection between a controller and a robot; both ends use it, with the layouts exchanged.

    Of messages that come together the newest is used. A message of an earlier run, or with a number that is not
    larger than the last one's, is left out: it is a copy, or came late.

    Args:
        transport: Carries the messages.
        receives: Layout of the messages that come.
        sends: Layout of those that go.
        session: Run of this end; by default the present time in nanoseconds, so that each run has a larger one.
    """

    def __init__(self, transport: Transport, receives: Layout, sends: Layout, *, session: int | None = None) -> None:
        self._transport, self._receives, self._sends = transport, receives, sends
        self.session = time.time_ns() if session is None else session
        self.counts = LinkCounts()
        self._number = 0
        self._newest = (-1, -1)

    def receive(self) -> Frame | None:
        """Return the newest message that came since the last call, ``None`` if there is none; never waits.

        Raises:
            RuntimeInputError: messages came, and none was right.
        """
        newest: Frame | None = None
        wrong: RuntimeInputError | None = None
        for data in self._transport.receive():
            try:
                frame = self._receives.decode(data)
            except RuntimeInputError as error:
                self.counts.refused += 1
                wrong = error
                continue
            if (frame.session, frame.number) <= self._newest:
                self.counts.repeated += 1
                continue
            self._newest = (frame.session, frame.number)
            self.counts.received += 1
            newest = frame
        if newest is None and wrong is not None:
            raise wrong
        return newest

    def send(self, values: Mapping[str, Array], taken: float, *, last: bool = False) -> None:
        """Send values; the receiver takes them once."""
        self._number += 1
        self._transport.send(self._sends.encode(Frame(values, self.session, self._number, taken, last)))
        self.counts.sent += 1


class LinkAdapter:
    """Connects a controller with the robot at the other end of a link.

    Args:
        link: It receives the policy's inputs and sends its outputs.
        stamps: When readings count as taken: ``arrival``, when they came; or ``sender``, what their sender says, whose
            clock must then be that of the policy's limits, as it is among processes of one machine.
        clock: The clock of the policy's limits.
    """

    def __init__(self, link: Link, *, stamps: Stamps = "arrival", clock: Callable[[], float] = time.monotonic) -> None:
        self.link = link
        self._stamps, self._clock = stamps, clock

    def read(self) -> Reading | None:
        """Return the newest reading; see :class:`~leapp_core.runtime.control.adapter.Adapter`."""
        frame = self.link.receive()
        if frame is None or not frame.values:
            return None
        taken = frame.taken if self._stamps == "sender" else self._clock()
        return Reading(frame.values, taken, frame.session, frame.number)

    def write(self, outputs: Mapping[str, Array], reading: Reading) -> None:
        """Send commands, stamped with the time of the reading that they answer."""
        self.link.send(outputs, reading.taken)

    def stop(self, outputs: Mapping[str, Array] | None) -> None:
        """Send the last message, some times over, as any may be lost."""
        for _ in range(_LAST_TIMES):
            self.link.send(outputs or {}, self._clock(), last=True)


_LAST_TIMES = 3
