"""What capture adds to a recording with a simulator; ``make isaaclab-env`` and ``make mjlab-env`` make those.

The time of a recording is that of making the environment, of compiling kernels and of the recorded steps. What capture
adds is the difference between recorded steps and the same steps by themselves, in processor time of one process.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.simulators.run_case import MARK
from tests.simulators.venvs import ISAACLAB, MJLAB

TASKS = ((MJLAB, "Mjlab-Velocity-Flat-Unitree-Go1"), (ISAACLAB, "Isaac-Humanoid"))
GOAL = 0.2


@dataclass(frozen=True)
class Share:
    """Seconds of one recording.

    Attributes:
        task: Task.
        start: Making the environment and its first step, which compiles kernels.
        plain: Six steps by themselves.
        recorded: The same steps, recorded, with what comes before the first and after the last.
        looking: Looking at Python objects, of that.
        preparing: Rewriting the source that is followed and putting it back, of that.
        after: Running the environment beside the program on shaken readings, and finding the program in the record.
    """

    task: str
    start: float
    plain: float
    recorded: float
    looking: float
    preparing: float
    after: float

    @property
    def ours(self) -> float:
        """Capture's part of the recording's time."""
        return (self.recorded - self.plain) / (self.start + self.recorded)


def measure() -> list[Share]:
    """Measure the tasks whose simulator's environment is there.

    Raises:
        RuntimeError: a task could not be recorded; the text holds the end of what it printed.
    """
    found = []
    for simulator, task in TASKS:
        if simulator.python.exists():
            done = simulator.run("-m", "tests.simulators.capture_share", simulator.name, task)
            lines = [line for line in done.stdout.splitlines() if line.startswith(MARK)]
            if not lines:
                raise RuntimeError(f"{task} could not be measured:\n{done.stderr[-3000:]}")
            found.append(Share(task, **json.loads(lines[-1].removeprefix(MARK))))
    return found


def run(console: Console, out: Path | None, rounds: int) -> None:
    """Measure and print the table."""
    del rounds
    shares = measure()
    table = Table(title=f"Recording with a simulator, in seconds (goal: capture's part at most {GOAL:.0%})")
    parts = ("recorded", "of that looking", "rewriting", "proof, program")
    for column in ("task", "start", "six steps", *parts, "capture's part"):
        table.add_column(column, justify="left" if column == "task" else "right")
    for share in shares:
        numbers = (share.start, share.plain, share.recorded, share.looking, share.preparing, share.after)
        table.add_row(share.task, *(f"{n:.2f}" for n in numbers), f"{share.ours:.0%}")
    console.print(table if shares else "no simulator's environment is there: make isaaclab-env, make mjlab-env")
    if out is not None:
        (out / "simulators.json").write_text(json.dumps([asdict(s) for s in shares], indent=1), encoding="utf-8")
