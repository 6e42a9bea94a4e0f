"""Writes ``docs/reference/without-python.md``: ``python -m tests.cpp.table``. Needs compilers and the network."""

from __future__ import annotations

import platform
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from leapp_core.runtime import load
from tests.cpp.build import OPENVINO, ROOT, build, installed_library, run, unpacked
from tests.cpp.peer import Interface, Peer, interface, largest_difference
from tests.cpp.plant import Plant
from tests.plugins.c99 import compiled_peer, object_file, size
from tests.plugins.conftest import Sandbox

PAGE = ROOT / "docs" / "reference" / "without-python.md"
C99 = ROOT / "docs" / "examples" / "plugins" / "leapp-c99"
POLICIES = {
    "Builtin-Reach-Arm": "MLP",
    "Builtin-Balance-Partial": "GRU",
    "Builtin-Velocity-Hopper-LSTM": "LSTM, delay",
    "Builtin-Velocity-Hopper": "MLP, history and delay",
}
STEPS = 500


@dataclass(frozen=True)
class Row:
    """A policy in one program.

    Attributes:
        policy: Name of the task.
        program: What runs it.
        difference: Largest difference of a command from Python's, over the closed loop.
        microseconds: Median time of a step.
        kilobytes: What of the policy is on the robot: the ONNX file, or code and weights.
    """

    policy: str
    program: str
    difference: float
    microseconds: float
    kilobytes: float


def measure(folder: Path) -> list[Row]:
    """Export every policy for both, build everything, and measure."""
    programs = build(folder / "build", openvino=unpacked(OPENVINO, folder / "openvino"))
    sandbox = Sandbox(folder / "venv")
    sandbox.pip("install", "--quiet", "--no-deps", "emx-onnx-cgen==1.4.0", str(C99))
    rows = []
    for policy in POLICIES:
        for backend in ("onnx-dynamo", "c99"):
            given = ("--task", policy, "--use_pretrained_checkpoint", "--backend", backend)
            done = sandbox.leapp("export", *given, "--save_path", str(folder / backend))
            assert done.returncode == 0, done.stderr
        bundle = folder / "onnx-dynamo" / policy
        model = bundle / f"{policy}.onnx"
        kilobytes = model.stat().st_size / 1000
        rows.append(Row(policy, "Python, `leapp_core.runtime`", 0.0, python_time(bundle), kilobytes))
        for program, engine in (("C++, ONNX Runtime", str(installed_library())), ("C++, OpenVINO", "openvino")):
            rows.append(row(policy, program, bundle, [str(programs / "peer"), engine, str(model)], kilobytes))
        built = Path(tempfile.mkdtemp(dir=folder))
        peer = compiled_peer(folder / "c99" / policy, built)
        kilobytes = size(object_file(folder / "c99" / policy, built)) / 1000
        rows.append(row(policy, "C99", bundle, [str(peer)], kilobytes))
    return rows


def row(policy: str, program: str, bundle: Path, command: list[str], kilobytes: float) -> Row:
    """Compare a program with Python's runtime, and take its own measure of a step."""
    with Peer(command, interface(bundle)) as other:
        difference = largest_difference(bundle, other, STEPS)
    return Row(policy, program, difference, other.facts["microseconds"], kilobytes)


def python_time(bundle: Path) -> float:
    """Return the median time of a step of Python's runtime, in microseconds."""
    ports: Interface = interface(bundle)
    policy, readings = load(bundle), Plant(ports.inputs, ports.outputs, 0).readings()
    times = []
    for _ in range(5000):
        start = time.perf_counter()
        policy.step(readings)
        times.append(time.perf_counter() - start)
    return 1e6 * statistics.median(times)


def page(rows: list[Row]) -> str:
    """Return the page."""
    compiler = run(["c++", "-dumpfullversion"]).strip()
    head = (
        "# C++ and C99 beside Python\n\n"
        "Written by `python -m tests.cpp.table`. Each program closes a loop of its own around the policy, "
        f"{STEPS} steps with noise, in which\nreadings depend on the commands before; beside it runs Python's runtime "
        "with the same noise. The difference is the largest of\nany command. Time is the median of 5000 steps made one "
        "after the other; size is the ONNX file, or code and weights of the\ncompiled C. "
        "[Without Python](../howto/without-python.md) tells how to use them.\n\n"
        f"Measured with GCC {compiler} and optimization, one thread, on {platform.machine()}, other work running.\n\n"
        "| policy | of | runs in | largest difference | µs a step | kB |\n|---|---|---|---|---|---|\n"
    )
    lines = [
        f"| `{row.policy}` | {POLICIES[row.policy]} | {row.program} | "
        f"{f'{row.difference:.1e}' if row.difference else 0} | {row.microseconds:.1f} | {row.kilobytes:.0f} |\n"
        for row in rows
    ]
    return head + "".join(lines) + TAIL


TAIL = """
To the size of C++ comes the engine: 35 MB for ONNX Runtime, 90 MB for OpenVINO with its CPU plugin. C99 brings none.
"""


def main() -> int:
    """Run from the command line."""
    with tempfile.TemporaryDirectory() as folder:
        PAGE.write_text(page(measure(Path(folder))), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
