"""Writes docs/reference/closed-loops.md: trainer, algorithm, network, and how far a bundle comes from the policy.

Usage: python -m tests.closed_loops [--builtin]

Rows come from what other scripts keep: ``make simulators``, ``python -m tests.simulators.trainers`` and ``python -m
tests.plugins.distributions``; with ``--builtin``, those of the built-in tasks are taken anew.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from leapp_rsl_rl.environments.builtin.catalog import BUILTIN_TASKS

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
PAGE = REFERENCE / "closed-loops.md"
KEPT = REFERENCE / "built-in-loops.json"
STEPS = 500
RECURRENT = re.compile(r"\b(GRU|LSTM)\b")
NETWORK = re.compile(r"\b(GRU|LSTM|CNN|MLP)\b")
TRAINERS = {"sb3": "Stable-Baselines3", "rl-games": "rl_games", "skrl": "skrl"}
TEXT = """<!-- Written by python -m tests.closed_loops; change the script instead. -->

# Closed loops by trainer

A policy controls the task in its training form, and its bundle the same task without that code, each from its own
actions and the same seed, a whole episode long. *Closed loop* is the largest difference of an action target among
all of these episodes, relative to the largest value of its element (of gymnasium's tasks: absolute). *Open loop* is
the same where the bundle is shown what the policy was shown: what the export itself adds. Where the first is large
and the second small, physics amplifies roundings ([simulators](simulators.md) tells each such row).

| trainer | algorithm | network | recurrent | tasks of | episodes | closed loop | largest in | open loop |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
{rows}

RSL-RL's policies on the built-in tasks are taken by `python -m tests.closed_loops --builtin`, on mjlab and Isaac Lab by
`make simulators`, those of other trainers on Isaac Lab by `python -m tests.simulators.trainers`, and on gymnasium by
`python -m tests.plugins.distributions` (there, with `leapp-sb3`, beside Stable-Baselines3's own `predict`).
"""


@dataclass(frozen=True)
class Loop:
    """One episode of a policy beside its bundle.

    Attributes:
        trainer: Library that trained it.
        algorithm: How.
        network: ``MLP``, ``CNN``, ``GRU`` or ``LSTM``.
        simulator: Whose task it is.
        task: The task, with the backend where several were tried.
        closed: Largest difference of a target.
        open: The same where the bundle is shown what the policy was shown; ``None`` if it was not taken.
    """

    trainer: str
    algorithm: str
    network: str
    simulator: str
    task: str
    closed: float
    open: float | None = None

    @property
    def kind(self) -> tuple[str, str, str, str]:
        """What a row of the table is of."""
        return self.trainer, self.algorithm, self.network, self.simulator


def loops() -> Iterator[Loop]:
    """Yield every episode that is kept."""
    for task, found in _kept("built-in-loops.json").items():
        yield Loop("RSL-RL", "PPO", _network(found["policy"]), "builtin", task, found["closed"])
    for found in _kept("simulators.json").values():
        simulator, task, _ = found["name"].split(" ", 2)
        network, backend = _network(found["policy"]), found["name"].rpartition(" ")[2]
        place = f"{task}, {backend}"
        yield Loop("RSL-RL", "PPO", network, simulator, place, found["action_error"], found["open_error"])
    for name, found in _kept("trainers.json").items():
        adapter, algorithm, network = name.split()[:3]
        place = f"Isaac-Cartpole, {name.rpartition(' ')[2]}"
        closed, opened = found["action_error"], found["open_error"]
        yield Loop(TRAINERS[adapter], algorithm.partition("_")[0], network, "isaaclab", place, closed, opened)
    for found in _kept("example-plugins.json")["leapp-sb3"]["episodes"]:
        way = found["way"]
        network = "LSTM" if way["algorithm"].startswith("Recurrent") else "CNN" if "image" in way["covers"] else "MLP"
        yield Loop(TRAINERS["sb3"], way["algorithm"], network, "gymnasium", way["task"], found["action"])


def _kept(name: str) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads((REFERENCE / name).read_text(encoding="utf-8"))
    return kept


def _network(policy: str) -> str:
    return "CNN" if "CNN" in policy else NETWORK.findall(policy)[0]


def page() -> str:
    """Return the page."""
    rows = []
    for kind, members in groupby(sorted(loops(), key=lambda loop: loop.kind), key=lambda loop: loop.kind):
        found = list(members)
        worst = max(found, key=lambda loop: loop.closed)
        opened = [loop.open for loop in found if loop.open is not None]
        recurrent = "yes" if RECURRENT.search(kind[2]) else "no"
        numbers = f"{len(found)} | {worst.closed:.1e} | {worst.task} | {f'{max(opened):.1e}' if opened else ''}"
        rows.append(f"| {' | '.join(kind[:3])} | {recurrent} | {kind[3]} | {numbers} |")
    return TEXT.format(rows="\n".join(rows))


def write() -> None:
    """Write the page of what is kept; whoever keeps a row does so, too."""
    PAGE.write_text(page(), encoding="utf-8")


def measure() -> dict[str, dict[str, Any]]:
    """Export the policies that come with the built-in tasks, with a closed loop of an episode."""
    found = {}
    for task in BUILTIN_TASKS:
        with tempfile.TemporaryDirectory() as folder:
            line = ["-m", "leapp_core.cli", "export", "--task", task.name, "--use_pretrained_checkpoint", "--json"]
            line += ["--save_path", folder, "--closed_loop_steps", str(STEPS), "--prove-seconds", "0"]
            line += ["--disable_graph_visualization"]
            said = subprocess.run([sys.executable, *line], capture_output=True, text=True, check=True).stdout
        report = json.loads(said)
        found[task.name] = {"policy": report["policy"], "closed": report["closed_loop"]["drift"]["relative"]}
    return found


if __name__ == "__main__":
    if "--builtin" in sys.argv[1:]:
        KEPT.write_text(json.dumps(measure(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    write()
