"""Messages as UDP datagrams."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType

from leapp_core.errors import UsageError

_MOST = 65507
"""Bytes that a datagram can hold."""

Address = tuple[str, int]


def parse_address(text: str, what: str) -> Address:
    """Read ``host:port``.

    Raises:
        UsageError: it is none.
    """
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 <= int(port) <= 65535:
        raise UsageError(f"{what} is {text!r}", expected="HOST:PORT, such as 127.0.0.1:9870", code="U003")
    return host.strip("[]"), int(port)


class UdpTransport:
    """Carries messages as datagrams; see :class:`leapp_core.runtime.control.link.Transport`.

    Args:
        listen: Address to receive at; port 0 takes any free one, see :attr:`address`.
        peer: Address to send to.

    Raises:
        UsageError: the address cannot be listened at.
    """

    def __init__(self, listen: Address, peer: Address) -> None:
        try:
            self._socket = _bound(listen)
        except OSError as error:
            raise UsageError(
                f"cannot listen at {listen[0]}:{listen[1]}: {error.strerror or error}",
                fix="choose another address; another process may have this one",
                code="R016",
            ) from error
        self._socket.setblocking(False)
        self._peer = peer

    @property
    def address(self) -> Address:
        """Where messages are received."""
        host, port = self._socket.getsockname()[:2]
        return str(host), int(port)

    def receive(self) -> Iterator[bytes]:
        """Yield the messages that came, oldest first."""
        for _ in range(_AT_ONCE):
            try:
                yield self._socket.recv(_MOST)
            except BlockingIOError:
                return
            except OSError:  # nobody listened where the last message went; Windows tells it here
                continue

    def send(self, data: bytes) -> None:
        """Send a message; it is lost where nobody listens or the network does not take it."""
        with suppress(OSError):
            self._socket.sendto(data, self._peer)

    def close(self) -> None:
        """Let go of the address."""
        self._socket.close()

    def __enter__(self) -> UdpTransport:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _bound(listen: Address) -> socket.socket:
    family, _, _, _, place = socket.getaddrinfo(*listen, type=socket.SOCK_DGRAM)[0]
    made = socket.socket(family, socket.SOCK_DGRAM)
    try:
        made.bind(place)
    except OSError:
        made.close()
        raise
    return made


_AT_ONCE = 1000
"""Messages taken at once, so that a flood of them does not keep the loop from its rate."""
