"""What capture costs: a recorded step against the same step without a session, memory, and time to an ONNX file.

Figures are processor time of the calling thread. Recorded and plain steps take turns in blocks.
"""

from __future__ import annotations

import gc
import json
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from leapp_core.tracing.session import CaptureSession, capture
from tests.benchmarks.capture_models import Network, Perceptive, SmallOperations

STEPS: dict[str, Callable[[], Any]] = {
    "many small operations": SmallOperations,
    "policy network alone": Network,
    "image, GRU and network": Perceptive,
}


@dataclass(frozen=True)
class StepRow:
    """Cost of recording one kind of step; times in microseconds."""

    case: str
    calls: int
    eager_us: float
    recorded_us: float
    ratio: float
    first_ratio: float


@dataclass(frozen=True)
class ExportRow:
    """Time from session to ONNX file, and of a bare ``torch.onnx.export(dynamo=True)``; seconds of processor time."""

    moment: str
    ours_s: float
    bare_s: float
    ratio: float


def spent_us(function: Callable[[], object]) -> float:
    """Return the processor time of one call."""
    start = time.thread_time_ns()
    function()
    return (time.thread_time_ns() - start) / 1e3


def recorded_step(session: CaptureSession, program: Any, drawn: dict[str, torch.Tensor]) -> None:
    """Declare, compute, declare."""
    session.input_tensors("policy", drawn)
    session.output_tensors("policy", {"action": program.step(drawn)})


def measure_step(case: str, rounds: int) -> StepRow:
    """Measure recorded against plain steps."""
    generator = torch.Generator().manual_seed(0)
    program = STEPS[case]()
    with torch.inference_mode():
        drawn = [program.inputs(generator) for _ in range(10)]
        for _ in range(20):
            program.step(drawn[0])
        plain: list[float] = []
        recorded: list[float] = []
        first: list[float] = []
        calls = 0
        for _ in range(rounds):
            plain += [spent_us(lambda x=x: program.step(x)) for x in drawn]  # type: ignore[misc]
            with capture("bench", max_cached_io=len(drawn) + 1) as session:
                taken = [spent_us(lambda x=x: recorded_step(session, program, x)) for x in drawn]  # type: ignore[misc]
            first.append(taken[0])
            recorded += taken[1:]
            calls = len(session._recorder.events) // len(drawn) if session._recorder else 0
    eager, cost = statistics.median(plain), statistics.median(recorded)
    return StepRow(case, calls, eager, cost, cost / eager, statistics.median(first) / eager)


def session_memory(steps: int) -> float:
    """Return the MiB that a session of some steps keeps, by what Python and PyTorch hold."""
    generator = torch.Generator().manual_seed(0)
    program = SmallOperations()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    with torch.inference_mode(), capture("bench") as session:
        for _ in range(steps):
            recorded_step(session, program, program.inputs(generator))
    gc.collect()
    kept = tracemalloc.get_traced_memory()[0] - before
    held = sum(r.nbytes for r in session._recorder.storages) if session._recorder else 0
    tracemalloc.stop()
    return (kept + held) / 2**20


_EXPORT = """
import json, sys, tempfile, time, warnings, logging
from pathlib import Path
import torch
from tests.benchmarks.capture_models import mlp
from leapp_core.tracing.session import capture
torch.set_num_threads(1)
logging.disable(logging.WARNING)
network, x = mlp(48, 512, 256, 128, 12), torch.randn(1, 48)

def bare(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(network, (x,), Path(folder) / "bare.onnx", dynamo=True, verbose=False)

def ours(folder):
    with torch.inference_mode(), capture("ours", save_path=folder) as session:
        for _ in range(3):
            seen = session.input_tensors("policy", {"obs": torch.randn(1, 48)})
            session.output_tensors("policy", {"action": network(seen)})
    session.export("onnx-dynamo", validate=False, visualize=False)

times = []
for _ in range(int(sys.argv[2])):
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        (ours if sys.argv[1] == "ours" else bare)(folder)
        times.append(time.process_time() - start)
print(json.dumps(times))
"""


def measure_export(pairs: int = 5, repeats: int = 4) -> list[ExportRow]:
    """Measure exports in processes that take turns: the first export of a process is the cold one.

    Times are those of the fastest process, the ratio is the median over pairs of neighbours: what else the machine does
    slows both sides of a pair.
    """
    taken: dict[str, list[list[float]]] = {"ours": [], "bare": []}
    for _ in range(pairs):
        for side, times in taken.items():
            command = [sys.executable, "-c", _EXPORT, side, str(repeats)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            times.append(json.loads(done.stdout.splitlines()[-1]))
    rows = []
    for moment, pick in (("cold", lambda t: t[0]), ("warm", lambda t: statistics.median(t[1:]))):
        ours, bare = ([pick(times) for times in taken[side]] for side in ("ours", "bare"))
        ratio = statistics.median(a / b for a, b in zip(ours, bare, strict=True))
        rows.append(ExportRow(moment, min(ours), min(bare), ratio))
    return rows


def run(console: Console, out: Path | None, rounds: int) -> None:
    """Measure and print everything."""
    torch.set_num_threads(1)
    rows = [measure_step(case, rounds) for case in STEPS]
    table = Table("step", "ATen calls", "eager µs", "recorded µs", "ratio", "first step", title="recording a step")
    for r in rows:
        table.add_row(
            r.case,
            str(r.calls),
            f"{r.eager_us:.0f}",
            f"{r.recorded_us:.0f}",
            f"{r.ratio:.1f}x",
            f"{r.first_ratio:.1f}x",
        )
    console.print(table)
    memory = {steps: session_memory(steps) for steps in (5, 500)}
    console.print("memory of a session: " + ", ".join(f"{n} steps {m:.2f} MiB" for n, m in memory.items()))
    exports = measure_export()
    table = Table("export of an MLP", "session to ONNX, s", "bare torch.onnx.export, s", "ratio", title="export")
    for e in exports:
        table.add_row(e.moment, f"{e.ours_s:.2f}", f"{e.bare_s:.2f}", f"{e.ratio:.2f}x")
    console.print(table)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        found = {"steps": [asdict(r) for r in rows], "memory_mib": memory, "export": [asdict(e) for e in exports]}
        (out / "capture.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
