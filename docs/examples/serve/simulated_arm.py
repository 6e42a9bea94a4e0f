"""A simulated arm of three joints in a process of its own, as a robot would be: readings go out, commands come in.

Usage: python simulated_arm.py BUNDLE --listen HOST:PORT --send HOST:PORT [--seconds S]

The controller beside it, with the addresses the other way round:

    leapp serve BUNDLE --listen 127.0.0.1:9870 --send 127.0.0.1:9871 --stamps sender

Of the bundle only the document is read, for the order and the sizes of its ports. A robot in C sends the same bytes
(docs/howto/run-on-a-robot.md).
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from leapp_core.bundle import load_document
from leapp_core.errors import RuntimeInputError
from leapp_core.runtime import Layout, Link, RateKeeper, UdpTransport
from leapp_core.runtime.control.udp import parse_address

WATCHDOG_S = 0.1
"""Without a command for this long, the arm brakes: whoever sends commands may be gone."""


class Arm:
    """Joints with inertia that follow targets through gains, as a drive does.

    Args:
        joints: How many.
    """

    def __init__(self, joints: int = 3) -> None:
        self.position = np.zeros(joints)
        self.velocity = np.zeros(joints)
        self.goal = np.array([[0.4, 0.3]], np.float32)

    def move(self, command: dict[str, np.ndarray] | None, step_s: float) -> None:
        """Integrate one step; without a command, brake."""
        effort = -5.0 * self.velocity
        if command is not None:
            gap = command["joint_targets"].reshape(-1) - self.position
            effort = command["kp"].reshape(-1) * gap - command["kd"].reshape(-1) * self.velocity
        self.velocity += effort * step_s
        self.position += self.velocity * step_s

    def readings(self) -> dict[str, np.ndarray]:
        """Return what the policy's inputs are."""
        return {
            "joint_pos": self.position[None].astype(np.float32),
            "joint_vel": self.velocity[None].astype(np.float32),
            "target_position": self.goal,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle")
    parser.add_argument("--listen", default="127.0.0.1:9871")
    parser.add_argument("--send", default="127.0.0.1:9870")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    given = parser.parse_args()
    pipeline = load_document(given.bundle).document.pipeline
    receives = Layout({ref.port: pipeline.output_spec(ref) for ref in pipeline.outputs})
    sends = Layout({ref.port: pipeline.input_spec(ref) for ref in pipeline.inputs})
    arm, command, heard = Arm(), None, 0.0
    end = time.monotonic() + given.seconds
    rate = RateKeeper(pipeline.configs.frequency)
    places = parse_address(given.listen, "--listen"), parse_address(given.send, "--send")
    with UdpTransport(*places) as transport:
        link = Link(transport, receives, sends)
        while time.monotonic() < end:
            rate.wait()
            now = time.monotonic()
            try:
                frame = link.receive()
            except RuntimeInputError as error:
                print(error)
                frame = None
            if frame is not None:
                command, heard = (frame.values or None), now
                if frame.last:
                    print("the controller has ended")
            arm.move(command if now - heard < WATCHDOG_S else None, 1 / rate.frequency)
            link.send(arm.readings(), now)
    print(f"joints at {np.round(arm.position, 3).tolist()}, {link.counts}")


if __name__ == "__main__":
    main()
