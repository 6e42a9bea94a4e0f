"""A robot process whose readings are wrong in every way; it writes down whatever it is sent that is unsafe.

Usage: python -m tests.control.faulty_robot BUNDLE LISTEN SEND RATE SEED LOG
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

import numpy as np

from leapp_core.errors import RuntimeInputError
from leapp_core.runtime import Link, RateKeeper, UdpTransport
from leapp_core.runtime.control.udp import parse_address
from tests.control.arm import Arm, layouts

FAULTS = (
    *("delayed", "repeated", "nan", "infinite", "out of range"),
    *("wrong size", "damaged", "of other ports", "nothing"),
)
SHARE = 0.2
"""Share of readings that are wrong."""
DELAY_S = 0.2
"""More than the limits of the test allow."""


class FaultyTransport:
    """Sends messages, and some of them wrong."""

    def __init__(self, transport: UdpTransport, chance: random.Random) -> None:
        self._transport, self._chance = transport, chance
        self._late: list[tuple[float, bytes]] = []
        self.receive = transport.receive
        self.fault = ""

    def send(self, data: bytes) -> None:
        now = time.monotonic()
        while self._late and self._late[0][0] <= now:
            self._transport.send(self._late.pop(0)[1])
        if self.fault == "delayed":
            self._late.append((now + DELAY_S, data))
        elif self.fault == "repeated":
            for _ in range(3):
                self._transport.send(data)
        elif self.fault == "wrong size":
            self._transport.send(data[: self._chance.randrange(len(data))] + b"\1" * self._chance.randrange(2))
        elif self.fault == "damaged":
            at = self._chance.randrange(len(data))
            self._transport.send(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        elif self.fault == "of other ports":
            self._transport.send(data[:4] + b"\0\0\0\0" + data[8:])
        elif self.fault != "nothing":
            self._transport.send(data)


def spoil(readings: dict[str, np.ndarray], fault: str, chance: random.Random) -> None:
    """Put values into readings that no sensor should give."""
    value = {"nan": np.nan, "infinite": -np.inf, "out of range": 50.0}.get(fault)
    if value is not None:
        name = chance.choice(["joint_pos", "joint_vel"] if fault == "out of range" else sorted(readings))
        readings[name] = readings[name].copy()
        readings[name].reshape(-1)[chance.randrange(readings[name].size)] = value


def main(bundle: str, listen: str, send: str, rate: float, seed: int, log: Path) -> None:
    chance = random.Random(seed)
    receives, sends = layouts(Path(bundle))
    arm, command = Arm(), None
    keeper = RateKeeper(rate)
    with UdpTransport(parse_address(listen, "listen"), parse_address(send, "send")) as transport:
        faulty = FaultyTransport(transport, chance)
        link = Link(faulty, receives, sends)
        write(log, "up")
        while True:
            keeper.wait()
            try:
                frame = link.receive()
            except RuntimeInputError as error:
                write(log, f"refused: {error.message}")
                frame = None
            if frame is not None and frame.values:
                command = dict(frame.values)
                wrong = [name for name, value in command.items() if not np.isfinite(value).all()]
                if wrong or np.abs(command["joint_targets"]).max() > 3.2:
                    write(log, f"unsafe: {command}")
            arm.move(command, 1e-3)
            readings = arm.readings()
            faulty.fault = chance.choice(FAULTS) if chance.random() < SHARE else ""
            spoil(readings, faulty.fault, chance)
            link.send(readings, time.monotonic())


def write(log: Path, text: str) -> None:
    with log.open("a") as stream:  # complete though this process is killed
        stream.write(f"{text}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]), int(sys.argv[5]), Path(sys.argv[6]))
