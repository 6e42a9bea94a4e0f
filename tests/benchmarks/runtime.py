"""Latency of a control step: ours against a hand-written ONNX Runtime loop and others, in one process.

Contenders take turns in blocks, so that a busy moment of the machine meets all of them. The first steps of a turn are
not counted: they find the caches full of the contender before. Figures are processor time of the calling thread; every
contender has one thread. A plain Python loop that does no more than count takes turns too: its 99th percentile is what
the machine itself adds to a step.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from rich.console import Console
from rich.table import Table

from tests.benchmarks import runtime_contenders as contenders
from tests.benchmarks.peer import PEER, add_peer
from tests.benchmarks.runtime_models import Case, cases, write_bundle

REFERENCE = "IO-binding loop"
FLOOR = "counting loop"
BLOCK = 200
COLD = 20
"""Steps at the start of a turn that are not counted."""


@dataclass(frozen=True)
class Row:
    """One contender on one pipeline; times in microseconds."""

    case: str
    contender: str
    median_us: float
    p99_us: float
    ratio: float

    @property
    def spread(self) -> float:
        """The 99th percentile over the median."""
        return self.p99_us / self.median_us


def measure(steps: dict[str, contenders.Step], rounds: int) -> dict[str, np.ndarray]:
    """Return nanoseconds of processor time per step, by contender."""
    taken = {name: np.empty((rounds, BLOCK), np.int64) for name in steps}
    counts = dict.fromkeys(steps, 0)
    gc.collect()
    gc.disable()
    try:
        for turn in range(rounds + 2):
            for name, step in steps.items():
                for i in range(BLOCK):
                    start = time.thread_time_ns()
                    step(counts[name])
                    spent = time.thread_time_ns() - start
                    counts[name] += 1
                    if turn >= 2:  # the first turns warm up
                        taken[name][turn - 2, i] = spent
    finally:
        gc.enable()
    return {name: ns[:, COLD:].ravel() for name, ns in taken.items()}


def contenders_of(case: Case, yaml: Path, *, with_peer: bool) -> dict[str, contenders.Step]:
    """Return what is measured on a pipeline."""
    makers: dict[str, Callable[[Case, Path], contenders.Step]] = {
        "ours": contenders.ours,
        REFERENCE: contenders.hand_written,
        "session.run": contenders.session_run,
        "torch eager": contenders.eager,
    }
    if with_peer:
        makers["leapp 0.7.2"] = contenders.peer
    if len(case.nodes) > 1:
        makers["ours, nodes apart"] = partial(contenders.ours, merge=False)
    return {name: make(case, yaml) for name, make in makers.items()} | {FLOOR: lambda _: sum(range(1500))}


def run(console: Console, out: Path | None, rounds: int = 40) -> list[Row]:
    """Measure everything, print a table, write ``runtime.json`` and ``runtime.md`` into ``out``."""
    torch.set_num_threads(1)
    load = os.getloadavg()[0]
    if load > 0.5:
        console.print(f"[yellow]the machine is busy (load {load:.1f}); 99th percentiles tell of that[/yellow]")
    missing = add_peer()
    if missing:
        console.print(f"[yellow]{missing}; measured without it[/yellow]")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for case in cases():
            yaml = write_bundle(case, Path(folder) / case.name.replace(" ", "_"))
            taken = measure(contenders_of(case, yaml, with_peer=not missing), rounds)
            reference = float(np.median(taken[REFERENCE]))
            rows += [
                Row(
                    case.name,
                    name,
                    float(np.median(ns)) / 1e3,
                    float(np.percentile(ns, 99)) / 1e3,
                    float(np.median(ns)) / reference,
                )
                for name, ns in taken.items()
            ]
    console.print(table(rows))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        about = {"python": platform.python_version(), "torch": torch.__version__, "peer": PEER}
        about.update(
            onnxruntime=onnxruntime.__version__,
            machine=platform.machine(),
            steps=str(rounds * (BLOCK - COLD)),
            load=f"{load:.1f}",
        )
        content = {"about": about, "rows": [asdict(row) for row in rows]}
        (out / "runtime.json").write_text(json.dumps(content, indent=2) + "\n")
        (out / "runtime.md").write_text(markdown(rows))
    return rows


def table(rows: list[Row]) -> Table:
    """Return the results for the console."""
    made = Table(title="control step, processor time", caption=f"ratio: median against the {REFERENCE}")
    for column in ("pipeline", "contender"):
        made.add_column(column)
    for column in ("median µs", "p99 µs", "p99/median", "ratio"):
        made.add_column(column, justify="right")
    for i, row in enumerate(rows):
        last = i + 1 == len(rows) or rows[i + 1].case != row.case
        figures = (f"{row.median_us:.1f}", f"{row.p99_us:.1f}", f"{row.spread:.2f}", f"{row.ratio:.2f}")
        made.add_row(row.case, row.contender, *figures, end_section=last)
    return made


def markdown(rows: list[Row]) -> str:
    """Return the results as two Markdown tables, a row per pipeline and a column per contender."""
    names = list(dict.fromkeys(row.contender for row in rows))
    found = {(row.case, row.contender): row for row in rows}
    tables = []
    for title, show in (
        ("median µs (ratio)", lambda row: f"{row.median_us:.1f} ({row.ratio:.2f})"),
        ("99th percentile µs (over the median)", lambda row: f"{row.p99_us:.1f} ({row.spread:.2f})"),
    ):
        lines = [f"| {title} | {' | '.join(names)} |", f"|---|{'---:|' * len(names)}"]
        for case in dict.fromkeys(row.case for row in rows):
            cells = [show(found[case, name]) if (case, name) in found else "" for name in names]
            lines.append(f"| {case} | {' | '.join(cells)} |")
        tables.append("\n".join(lines) + "\n")
    return "\n".join(tables)
