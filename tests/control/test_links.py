"""Messages between a controller and a robot: layouts, links, UDP and DDS."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leapp_core.errors import RuntimeInputError, UsageError
from leapp_core.runtime import Controller, Layout, Link, LinkAdapter, UdpTransport, load
from leapp_core.runtime.control.link import Transport
from leapp_core.runtime.control.udp import parse_address
from leapp_core.runtime.control.wire import Frame
from leapp_core.spec.port import PortSpec
from tests.control.arm import BUNDLE, arm_policy, layouts, readings

PORTS = {
    "pos": PortSpec("pos", "float32", (1, 2)),
    "count": PortSpec("count", "int64", ()),
    "on": PortSpec("on", "bool", (3,)),
    "half": PortSpec("half", "float16", (2,)),
    "none": PortSpec("none", "float64", (0, 4)),
}
VALUES = {
    "pos": np.array([[1.5, -np.inf]], np.float32),
    "count": np.array(-(2**40), np.int64),
    "on": np.array([True, False, True]),
    "half": np.array([0.5, np.nan], np.float16),
    "none": np.zeros((0, 4)),
}


def test_a_message_reads_back_to_the_bit() -> None:
    layout = Layout(PORTS)
    data = layout.encode(Frame(VALUES, 2**63, 7, 1.25))
    assert len(data) == layout.message_size == 40 + 8 + 8 + 3 + 4
    frame = layout.decode(data)
    assert (frame.session, frame.number, frame.taken, frame.last) == (2**63, 7, 1.25, False)
    for name, value in VALUES.items():
        assert frame.values[name].dtype == value.dtype
        assert frame.values[name].shape == value.shape
        assert frame.values[name].tobytes() == value.tobytes()
        assert frame.values[name].flags.writeable


def test_a_last_message_may_have_no_values() -> None:
    frame = Layout(PORTS).decode(Layout(PORTS).encode(Frame({}, 1, 2, 3.0, last=True)))
    assert frame.last
    assert frame.values == {}


@given(st.binary(max_size=200), st.integers(0, 62), st.integers(1, 255))
@settings(max_examples=60, deadline=None)
def test_whatever_else_comes_is_refused(noise: bytes, at: int, flip: int) -> None:
    layout = Layout(PORTS)
    data = layout.encode(Frame(VALUES, 1, 2, 3.0))
    # The last flag alone is no part of a checksum: a message with it means the same values, and that they are the last.
    broken = data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :]
    for wrong in (noise, data[:at], data + noise + b"x", *([] if 8 <= at < 12 else [broken])):
        with pytest.raises(RuntimeInputError, match="message") as caught:
            layout.decode(wrong)
        assert caught.value.code == "LEAPP-R015"


def test_a_size_that_may_change_is_refused() -> None:
    with pytest.raises(UsageError, match="port 'x' has the size"):
        Layout({"x": PortSpec("x", "float32", ("batch", 3))})


class Wire:
    """Messages in a list, as they would come."""

    def __init__(self) -> None:
        self.waiting: list[bytes] = []
        self.sent: list[bytes] = []

    def receive(self) -> list[bytes]:
        came, self.waiting = self.waiting, []
        return came

    def send(self, data: bytes) -> None:
        self.sent.append(data)


def test_a_link_takes_the_newest_and_nothing_twice() -> None:
    receives, sends = layouts()
    wire = Wire()
    link = Link(wire, sends, receives)
    messages = {
        (session, number): sends.encode(Frame(readings(number), session, number, 0.0))
        for session in (5, 6)
        for number in range(1, 6)
    }
    wire.waiting = [messages[5, 1], messages[5, 3], messages[5, 2], messages[5, 3], b"noise"]
    frame = link.receive()
    assert frame is not None
    assert (frame.session, frame.number) == (5, 3)
    wire.waiting = [messages[5, 3], messages[5, 1]]
    assert link.receive() is None
    wire.waiting = [messages[6, 1], messages[5, 5]]  # what a robot sent that was killed since, and its next run
    frame = link.receive()
    assert frame is not None
    assert (frame.session, frame.number) == (6, 1)
    assert vars(link.counts) == {"received": 3, "repeated": 5, "refused": 1, "sent": 0}
    wire.waiting = [b"noise", messages[6, 2][:-1]]
    with pytest.raises(RuntimeInputError, match=r"a message of \d+ bytes came"):
        link.receive()


def test_stamps_are_of_the_arrival_or_the_senders() -> None:
    _, sends = layouts()
    for stamps, taken in (("arrival", 50.0), ("sender", 49.5)):
        wire = Wire()
        wire.waiting = [sends.encode(Frame(readings(), 1, 1, 49.5))]
        adapter = LinkAdapter(Link(wire, sends, layouts()[0]), stamps=stamps, clock=lambda: 50.0)
        found = adapter.read()
        assert found is not None
        assert found.taken == taken


def udp() -> Iterator[tuple[Transport, Transport]]:
    places = [UdpTransport(("127.0.0.1", 0), ("127.0.0.1", 9)) for _ in range(2)]
    addresses = [place.address for place in places]
    for place in places:
        place.close()
    with UdpTransport(addresses[0], addresses[1]) as one, UdpTransport(addresses[1], addresses[0]) as other:
        yield one, other


def dds() -> Iterator[tuple[Transport, Transport]]:
    pytest.importorskip("cyclonedds")
    from leapp_core.runtime.control.dds import DdsTransport

    domain = 100 + time.time_ns() % 100
    yield (
        DdsTransport("leapp_test/a", "leapp_test/b", domain=domain, interface="lo"),
        DdsTransport("leapp_test/b", "leapp_test/a", domain=domain),
    )


@pytest.mark.parametrize("connect", [udp, dds])
def test_a_controller_and_a_robot_talk(connect: Callable[[], Iterator[tuple[Transport, Transport]]]) -> None:
    receives, sends = layouts()
    plain = load(BUNDLE)
    for ours, theirs in connect():
        robot = Link(theirs, receives, sends)
        adapter = LinkAdapter(Link(ours, sends, receives), stamps="sender")
        controller = Controller(arm_policy(max_age=10.0), adapter)
        until = time.monotonic() + 20
        found = None
        while found is None and time.monotonic() < until:  # DDS needs a moment until both know of each other
            robot.send(readings(), time.monotonic())
            report = controller.run(steps=1)
            frame = robot.receive()
            found = frame if frame is not None and report.made else None
            time.sleep(0.01)
        assert found is not None
        assert found.values["joint_targets"].shape == (1, 3)
        assert set(found.values) == set(plain.outputs)


def test_udp_places_that_cannot_be() -> None:
    with UdpTransport(("127.0.0.1", 0), ("127.0.0.1", 9)) as transport:
        with pytest.raises(UsageError, match="cannot listen at") as caught:
            UdpTransport(transport.address, ("127.0.0.1", 9))
        assert caught.value.code == "LEAPP-R016"
    for text in ("9870", "host:", ":1", "host:99999", "host:x"):
        with pytest.raises(UsageError, match="HOST:PORT"):
            parse_address(text, "--listen")
    assert parse_address("[::1]:9870", "--listen") == ("::1", 9870)
