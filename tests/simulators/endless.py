"""Programs that go on until Ctrl-C, as Isaac Lab's deployment does."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

STARTED = "[INFO]: Num envs"


def runs_until_stopped(command: Sequence[str], folder: Path, environment: Mapping[str, str], seconds: float) -> bool:
    """Run a deployment for some time once its environment is there, then stop it; return whether it ended well.

    Args:
        command: What to run.
        folder: Where to run it.
        environment: Its variables.
        seconds: How long it must go on by itself.

    Raises:
        AssertionError: it ended before it was stopped; the message has what it printed.
    """
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith(STARTED):
            break
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        return process.wait(timeout=300) == 0
    raise AssertionError("".join(lines) + process.stdout.read())
