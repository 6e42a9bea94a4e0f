"""A million steps of a controller whose robot is killed and started again a hundred times, with wrong readings.

Usage: python -m tests.control.endurance [--steps N] [--kills N] [--rate HZ] [--write FILE.md]

One process runs the controller, another the robot of :mod:`tests.control.faulty_robot`; this one kills the robot with
SIGKILL at random moments and starts it again. Every command is looked at where it is sent and where it arrives, and the
ring's file is read while it is written and at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from leapp_core.runtime import (
    Controller,
    Layout,
    Link,
    LinkAdapter,
    PolicyRuntime,
    Reading,
    Ring,
    UdpTransport,
    read_ring,
)
from leapp_core.runtime.control.udp import parse_address
from tests.control.arm import BUNDLE, MOST_RAD, ROOT, STEP_RAD, arm_policy

MAX_AGE_S = 0.1
RING_S = 10.0


@dataclass
class Watch:
    """An adapter that looks at every command before it is sent."""

    inner: LinkAdapter
    policy: PolicyRuntime
    unsafe: list[str] = field(default_factory=list)
    sent: int = 0
    oldest_s: float = 0.0
    _before: np.ndarray | None = None
    _session: int = 0

    def read(self) -> Reading | None:
        return self.inner.read()

    def write(self, outputs: Mapping[str, np.ndarray], reading: Reading) -> None:
        self.sent += 1
        targets = outputs["joint_targets"]
        if any(not np.isfinite(value).all() for value in outputs.values()) or np.abs(targets).max() > MOST_RAD:
            self.unsafe.append(f"out of limits: {targets.tolist()}")
        if self.policy.fault is None:
            age = time.monotonic() - reading.taken
            self.oldest_s = max(self.oldest_s, age)
            moved = 0.0
            if self._before is not None and reading.session == self._session:
                moved = float(np.abs(targets - self._before).max())
            if moved > STEP_RAD * 1.0001:
                self.unsafe.append(f"moved by {moved:.3g} in one step")
            self._before, self._session = targets, reading.session
        self.inner.write(outputs, reading)

    def stop(self, outputs: Mapping[str, np.ndarray] | None) -> None:
        self.inner.stop(outputs)


def controller(listen: str, send: str, rate: float, steps: int, ring_path: str) -> None:
    """Run the controller and print what it did as JSON."""
    policy = arm_policy(rate, max_age=MAX_AGE_S)
    ring = Ring(ring_path, policy.name, rate, (policy.inputs, policy.outputs), seconds=RING_S)
    with UdpTransport(parse_address(listen, "listen"), parse_address(send, "send")) as transport:
        link = Link(transport, Layout(policy.inputs), Layout(policy.outputs))
        watch = Watch(LinkAdapter(link, stamps="sender"), policy)
        report = Controller(policy, watch, ring=ring).run(steps=steps)
        facts = {
            "report": report.as_dict(),
            "unsafe": watch.unsafe,
            "sent": watch.sent,
            "oldest_s": watch.oldest_s,
            "link": vars(link.counts),
            "ring": ring.number,
        }
    ring.close()
    sys.stdout.write(json.dumps(facts))


def ring_gaps(path: Path) -> tuple[int, int, int]:
    """Return records, records that are missing between the first and the last, and half-written ones."""
    contents = read_ring(path)
    numbers = [record.number for record in contents.records]
    missing = numbers[-1] - numbers[0] + 1 - len(numbers) if numbers else 0
    return len(numbers), missing, contents.torn


def run(steps: int, kills: int, rate: float, seed: int = 0) -> dict[str, object]:
    """Run all of it and return what was found."""
    chance = random.Random(seed)
    folder = Path(tempfile.mkdtemp())
    log, ring = folder / "robot.log", folder / "last.ring"
    log.touch()
    ports = free_ports()
    begin = time.monotonic()
    this = [sys.executable, "-m", "tests.control.endurance", "--controller", *ports, str(rate), str(steps), str(ring)]
    serving = subprocess.Popen(this, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
    every = steps / rate / (kills + 1)
    robots, live, worst_live, next_look = 0, None, 0, begin + 5
    try:
        while serving.poll() is None:
            robot = subprocess.Popen(
                [*ROBOT, str(BUNDLE), ports[1], ports[0], str(rate / 4), str(seed + robots), str(log)],
                cwd=ROOT,
                env=ENVIRONMENT,
            )
            robots += 1
            life = every * chance.uniform(0.3, 1.0) if robots <= kills else 1e9
            until = None
            while (until is None or time.monotonic() < until) and serving.poll() is None:
                time.sleep(0.05)
                if until is None and log.read_text().count("up\n") >= robots:
                    until = time.monotonic() + life
                if time.monotonic() > next_look and ring.exists():
                    live, missing, _torn = ring_gaps(ring)
                    # The record under way may be half written, and the oldest one is being replaced.
                    worst_live = max(worst_live, missing)
                    next_look = time.monotonic() + 20
            robot.send_signal(signal.SIGKILL)
            robot.wait()
    finally:
        serving.kill() if serving.poll() is None else None
    out, _ = serving.communicate()
    facts: dict[str, object] = json.loads(out)
    kinds = Counter(line.split(":")[0] for line in log.read_text().splitlines())
    records, missing, torn = ring_gaps(ring)
    return facts | {
        "seconds": time.monotonic() - begin,
        "robots": robots,
        "at the robot": dict(kinds),
        "ring records": records,
        "ring missing": missing,
        "ring torn": torn,
        "ring missing while written": worst_live,
        "ring looked at": live is not None,
    }


ROBOT = (sys.executable, "-m", "tests.control.faulty_robot")
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def free_ports() -> list[str]:
    """Return two addresses that nobody listens at."""
    first = UdpTransport(("127.0.0.1", 0), ("127.0.0.1", 9))
    second = UdpTransport(("127.0.0.1", 0), ("127.0.0.1", 9))
    with first, second:
        return [f"{host}:{port}" for host, port in (first.address, second.address)]


def table(facts: dict[str, object], rate: float) -> str:
    """Return what was found as a table."""
    report, link = facts["report"], facts["link"]
    assert isinstance(report, dict)
    assert isinstance(link, dict)
    unsafe, at_robot = facts["unsafe"], facts["at the robot"]
    assert isinstance(unsafe, list)
    assert isinstance(at_robot, dict)
    rows = [
        ("periods of the controller", f"{report['beats']:,}"),
        ("time", f"{facts['seconds']:.0f} s, {report['rate']['achieved']:.0f} periods a second of {rate:.0f} asked"),
        ("robot processes, all but the last killed", f"{facts['robots']}"),
        ("runs of the robot that the controller saw", f"{report['sessions']}"),
        ("readings used", f"{report['readings']:,}"),
        ("messages left out: copies, late ones", f"{link['repeated']:,}"),
        ("messages refused: wrong size, damaged, of other ports", f"{link['refused']:,}"),
        ("steps made and sent", f"{report['made']:,}"),
        ("held or safe values sent instead", f"{report['instead']:,}"),
        ("nothing sent (before the first reading)", f"{report['silent']:,}"),
        ("faults by code", ", ".join(f"{k.removeprefix('LEAPP-')} {v:,}" for k, v in report["faults"].items())),
        ("oldest reading of a step made, when its command was sent", f"{facts['oldest_s'] * 1000:.0f} ms"),
        ("limit of that age, checked before the step", f"{MAX_AGE_S * 1000:.0f} ms"),
        ("**unsafe commands, looked at before sending**", f"**{len(unsafe)}** of {facts['sent']:,}"),
        ("**unsafe commands, looked at by the robot**", f"**{at_robot.get('unsafe', 0)}**"),
        ("commands that the robot refused", f"{at_robot.get('refused', 0)}"),
        (f"records in the ring (its last {RING_S:.0f} s at the rate asked)", f"{facts['ring records']:,}"),
        ("**records missing from the ring**", f"**{facts['ring missing']}**, half-written {facts['ring torn']}"),
    ]
    return "\n".join(["| what | found |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows), ""])


def main() -> None:
    if sys.argv[1:2] == ["--controller"]:
        listen, send, rate, steps, ring = sys.argv[2:]
        controller(listen, send, float(rate), int(steps), ring)
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--rate", type=float, default=4000.0)
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    facts = run(given.steps, given.kills, given.rate)
    text = table(facts, given.rate)
    sys.stdout.write(text)
    if given.write is not None:
        command = f"python -m tests.control.endurance --steps {given.steps} --kills {given.kills} --rate {given.rate:g}"
        given.write.write_text(f"{HEAD}\n`{command}`, {os.cpu_count()} cores:\n\n{text}", encoding="utf-8")


HEAD = """# A controller with a bad robot

<!-- Made by tests/control/endurance.py; run it again instead of editing. -->

A controller in one process and a simulated arm in another, over UDP; the arm sends a fourth as many readings a second
as the controller makes steps. A fifth of the readings is wrong: late by more than the limit, sent three times, NaN,
infinite, out of range, cut short, damaged, of other ports, or not sent at all. The robot's process is killed (SIGKILL)
at random moments and started again. Each command is checked against limits of value and change before it is sent, and
again by the robot. How to run one: [run on a robot](../howto/run-on-a-robot.md).
"""

if __name__ == "__main__":
    main()
