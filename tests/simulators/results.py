"""What cases gave, kept from run to run, and the table made from it."""

from __future__ import annotations

import json
from typing import Any

from tests.simulators.cases import CASES, Case
from tests.simulators.venvs import ROOT

STORE = ROOT / "docs" / "reference" / "simulators.json"
TABLE = ROOT / "docs" / "reference" / "simulators.md"
LIMIT = 1e-5
"""Largest difference of a joint target allowed, relative to the largest value of that element in the episode."""
HEAD = """<!-- Made by `make simulators`; edit tests/simulators instead. -->

# Simulators: what was exported and how close it is

Every row is a task exported, then run closed-loop twice from the same seed on the CPU: the policy in the simulator's
own training code, and the bundle in the task's scene without that code. Checkpoints are untrained unless said
otherwise: they excite the robot more than trained ones.

* *export*: seconds from the first recorded step to the validated bundle; *model*: size of the artifact.
* *difference*: largest difference of a joint target, relative to the largest value of that element in the episode.
  The goal is 1e-5.
* *state*: largest difference of joint positions and velocities and root poses (rad, m and their rates).
* *reward*: mean per step under the policy; *bundle*: the same under the bundle, where the deployment knows it.
* *loop*: control steps per second of the deployment with its simulator; *alone*: of the bundle by itself.

Times depend on what else the machine does, and those below were taken on two busy cores; differences do not.

`make simulators` makes the simulators' environments where they are missing (`$LEAPP_SIMULATORS`, by default
`~/.cache/leapp/simulators`) and runs every case; `python -m tests.simulators --missing` runs those without a result.

| simulator | task | actor | backend | export | model | steps | difference | state | reward | bundle | loop | alone |
|---|---|---|---|---|---|---|---|---|---|---|---|---|
"""


def stored() -> dict[str, dict[str, Any]]:
    """Return outcomes by case name."""
    if not STORE.is_file():
        return {}
    outcomes: dict[str, dict[str, Any]] = json.loads(STORE.read_text(encoding="utf-8"))
    return outcomes


def keep(case: Case, outcome: dict[str, Any]) -> None:
    """Store an outcome and write the table; cases that are no more are dropped."""
    outcomes = {**stored(), case.name: outcome}
    kept = {c.name: outcomes[c.name] for c in CASES if c.name in outcomes}
    STORE.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    TABLE.write_text(table(kept), encoding="utf-8")


def table(outcomes: dict[str, dict[str, Any]]) -> str:
    """Return the page."""
    rows = [row(case, outcomes[case.name]) for case in CASES if case.name in outcomes]
    absent = [f"* {case.name}\n" for case in CASES if case.name not in outcomes]
    missing = ["\nNot run yet:\n\n", *absent] if absent else []
    return "".join([HEAD, *rows, *missing])


def row(case: Case, outcome: dict[str, Any]) -> str:
    """Return a row of the table."""
    head = [case.env, case.task, case.actor, case.backend]
    if "failure" in outcome:
        return f"| {' | '.join([*head, 'failed: ' + outcome['failure']])} ||||||||\n"
    rewards = ["-" if r is None else f"{r:.4f}" for r in (outcome["policy_reward"], outcome["bundle_reward"])]
    cells = [
        *head,
        f"{outcome['export_s']:.1f} s",
        f"{outcome['size'] / 1000:.0f} kB",
        str(outcome["steps"]),
        f"{outcome['action_error']:.1e}",
        f"{outcome['state_error']:.1e}",
        *rewards,
        f"{outcome['loop_rate']:.2g}/s",
        f"{outcome['bundle_rate']:.0f}/s",
    ]
    return f"| {' | '.join(cells)} |\n"
