"""Messages on DDS topics, through the package ``cyclonedds``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import quoteattr

from leapp_core.errors import UsageError
from leapp_core.plugins.requirements import require

_DEPTH = 64
"""Messages kept between two steps."""


class DdsTransport:
    """Carries messages on two topics of type ``leapp::Frame``; see :class:`leapp_core.runtime.control.link.Transport`.

    The type is ``struct Frame { sequence<octet> data; };``, best effort: a message that is lost is not sent again, as a
    newer one follows.

    Args:
        receives: Topic to read.
        sends: Topic to write.
        domain: DDS domain, 0 to 230.
        interface: Network interface to use, such as ``lo``; by default what ``CYCLONEDDS_URI`` says. Of the transports
            that a process has in one domain, the first alone may name it.

    Raises:
        MissingExtraError: ``cyclonedds`` is not installed.
        UsageError: DDS does not start.
    """

    def __init__(self, receives: str, sends: str, *, domain: int = 0, interface: str | None = None) -> None:
        require("DDS", ("cyclonedds",), "dds")
        from cyclonedds.core import DDSException, Policy, Qos
        from cyclonedds.domain import Domain, DomainParticipant
        from cyclonedds.pub import DataWriter
        from cyclonedds.sub import DataReader
        from cyclonedds.topic import Topic

        from leapp_core.runtime.control.dds_types import frame_type

        self._type = frame_type()
        qos = Qos(Policy.Reliability.BestEffort, Policy.History.KeepLast(_DEPTH))
        try:
            # Configured before the participant; the object has to live as long as what is made in the domain.
            self._domain = Domain(domain, _config(interface)) if interface else None
            participant = DomainParticipant(domain)
            self._reader: Any = DataReader(participant, Topic(participant, receives, self._type), qos)
            self._writer: Any = DataWriter(participant, Topic(participant, sends, self._type), qos)
        except DDSException as error:
            raise UsageError(
                f"DDS does not start in domain {domain}: {error}",
                fix="check the interface's name and CYCLONEDDS_URI",
                code="R016",
            ) from error

    def receive(self) -> Iterator[bytes]:
        """Yield the messages that came, oldest first."""
        for sample in self._reader.take(_DEPTH):
            if isinstance(sample, self._type):  # else a notice that a writer is gone
                yield bytes(sample.data)

    def send(self, data: bytes) -> None:
        """Send a message."""
        self._writer.write(self._type(data=data))


def _config(interface: str) -> str:
    """Return a configuration for one interface; without multicast, peers are looked for on this machine."""
    return (
        "<CycloneDDS><Domain><General><AllowMulticast>false</AllowMulticast><Interfaces>"
        f"<NetworkInterface name={quoteattr(interface)} presence_required='true'/></Interfaces></General>"
        "<Discovery><ParticipantIndex>auto</ParticipantIndex><Peers><Peer address='localhost'/></Peers></Discovery>"
        "</Domain></CycloneDDS>"
        if interface == "lo"
        else f"<CycloneDDS><Domain><General><Interfaces><NetworkInterface name={quoteattr(interface)}/></Interfaces>"
        "</General></Domain></CycloneDDS>"
    )
