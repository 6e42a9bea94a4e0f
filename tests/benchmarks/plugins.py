"""What fifty installed plugins cost: ``leapp --help`` with them against without, in processor time."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console

COUNT = 50
LIMIT = 1.2
"""At most this many times as long as without them."""
MODULE = """from leapp_core import hookimpl

LEAPP_PLUGIN_API = "1.0"


@hookimpl
def leapp_register_exporters(registry):
    import torch  # never reached: a listing of commands asks for no backends


@hookimpl
def leapp_register_commands(app):
    app.command("{name}")(lambda: None)
"""


def install(folder: Path, count: int = COUNT) -> None:
    """Write distributions of one module each, as pip would leave them, into a folder of the path."""
    for number in range(count):
        name = f"leapp_dummy_{number}"
        (folder / f"{name}.py").write_text(MODULE.replace("{name}", name.replace("_", "-")), encoding="utf-8")
        facts = folder / f"{name}-0.1.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n", encoding="utf-8")
        (facts / "entry_points.txt").write_text(f"[leapp]\n{name} = {name}\n", encoding="utf-8")


def seconds(folder: Path | None) -> float:
    """Return the processor time of one ``leapp --help``, in a process of its own."""
    path = os.pathsep.join(filter(None, (str(folder) if folder else "", os.environ.get("PYTHONPATH", ""))))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "leapp_core.cli", "--help"]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": path})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(rounds: int) -> dict[str, float]:
    """Return medians with and without the plugins, run in turns, and their ratio."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        install(folder)
        seconds(folder)  # compiles the modules
        times = [(seconds(None), seconds(folder)) for _ in range(rounds)]
    without, with_them = (statistics.median(column) for column in zip(*times, strict=True))
    return {"without": without, "with": with_them, "ratio": with_them / without}


def run(console: Console, out: Path | None, rounds: int) -> None:
    """Measure and print."""
    found = measure(rounds)
    verdict = "within" if found["ratio"] <= LIMIT else "ABOVE"
    console.print(
        f"leapp --help with {COUNT} dummy plugins: {found['with'] * 1e3:.0f} ms of processor time, without "
        f"{found['without'] * 1e3:.0f} ms: ratio {found['ratio']:.2f}, {verdict} {LIMIT}"
    )
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "plugins.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run(Console(), None, 7)
