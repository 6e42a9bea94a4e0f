"""What cases gave, kept from run to run, and the table made from it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tests.simulators.age import digest_here
from tests.simulators.cases import CASES, LIMIT, Case
from tests.simulators.venvs import ROOT, alone

STORE = ROOT / "docs" / "reference" / "simulators.json"
TABLE = ROOT / "docs" / "reference" / "simulators.md"
ROUNDINGS = 10
"""How many roundings per step an export may come to: sums of many products are taken in another order."""
HEAD = """<!-- Made by `make simulators`; edit tests/simulators instead. -->

# Simulators: what was exported and how close it is

Every row is a task exported, then run closed-loop twice from the same seed on the CPU: the policy in the simulator's
own training code, and the bundle in the task's scene without that code. Checkpoints are untrained unless said
otherwise: they excite the robot more than trained ones.

* *export*: seconds from the first recorded step to the validated bundle; *recorded*: those of them that the recorded
  steps took; *model*: size of the artifact.
* *difference*: largest difference of a joint target, relative to the largest value of that element in the episode.
  The goal is 1e-5.
* *open*: the same where the bundle is shown what the policy was shown and the robot does what the policy said: what
  the export itself changes, with all that it carries from step to step.
* *nudged*: the same for the policy against itself, without any bundle, where each of its actions is moved to the next
  float32: what the physics makes of one rounding per step. It is taken where *difference* is over the goal. Where it
  is as large or nearly, the policy itself, compiled or run on another processor, would not come closer: the task
  amplifies roundings, and *open* says how good the export is.
* *state*: largest difference of joint positions and velocities and root poses (rad, m and their rates).
* *reward*: mean per step under the policy; *bundle*: the same under the bundle, where the deployment knows it. It is
  not told for tasks that reward joint accelerations (`dof_acc_l2`) or time in the air: Isaac Lab's deployment measures
  these from one physics step to the next, its training with Newton from one control step to the next.
* *loop*: control steps per second of the deployment with its simulator; *alone*: of the bundle by itself.

* *code*: the state of capture, programs, backends and environments (a digest of their sources) that the row was taken
  on; `older` where it is not that of the code this page was written at, which is CODE.

Every episode starts from the same seed; none was picked. A test fails when a row of the ten telling tasks, in bold, is
of none of the states after the last ten commits that touched these sources.

## Rows over the goal

They are of ONNX, with drawn weights, in tasks that amplify: a pole that tips, a robot that falls or tumbles. Their
*open* figure meets the goal, and their closed loop does once the policy is trained, as the recurrent cartpoles show
(`python -m tests.simulators.train` makes these).

What the export itself adds is nothing: each of these tasks has a row for TorchScript (jit-trace, jit-script), whose
kernels are PyTorch's own, and there no target and no state differs by a single bit in the whole episode. What remains
is how ONNX Runtime adds up the products in a layer, which is another order than PyTorch's:

* Shown the same readings, the recurrent cartpole's bundle first differs in the second step, by 7.5e-9, one unit in the
  last place; that of the G1 in the first, by 6e-8. All four optimization levels of ONNX Runtime give the same.
* A layer of 512 inputs gives 7 to 14 % of its values with PyTorch's bits, whether written as Gemm, MatMul from either
  side, Einsum, or Mul and ReduceSum, with or without optimization. Neither is the exact one: of these values PyTorch's
  are off by up to 8e-7 from the result in float64, ONNX Runtime's by up to 1.1e-6 as Gemm, which is what bundles hold.

So no option makes the two equal (`python -m tests.simulators.rounding [CASE]` measures both). Who needs the bits of
PyTorch exports with `--backend jit-trace`.

## The table

Times depend on what else the machine does, and those below were taken on two busy cores; differences do not.

`make simulators` makes the simulators' environments where they are missing (`$LEAPP_SIMULATORS`, by default
`~/.cache/leapp/simulators`) and runs every case; `python -m tests.simulators --telling` runs the ten telling tasks,
`--stale` those whose row is of other code, `--missing` those without a result.

| simulator | task | actor | backend | export | recorded | model | steps | difference | open | nudged | state | reward \
| bundle | loop | alone | code |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
"""


def stored(store: Path = STORE) -> dict[str, dict[str, Any]]:
    """Return outcomes by case name."""
    if not store.is_file():
        return {}
    outcomes: dict[str, dict[str, Any]] = json.loads(store.read_text(encoding="utf-8"))
    return outcomes


def keep(case: Case, outcome: dict[str, Any], store: Path = STORE, page: Path = TABLE) -> None:
    """Add an outcome to what is stored by now, by whomever, and write the table.

    Several runs may do so at a time. What one of them does not know as a case is kept: the other may know it.
    """
    with alone(store.with_name(f".{store.name}.lock"), 30.0):
        outcomes = {**stored(store), case.name: outcome}
        order = {c.name: number for number, c in enumerate(CASES)}
        kept = dict(sorted(outcomes.items(), key=lambda item: order.get(item[0], len(order))))
        _replace(store, json.dumps(kept, indent=1) + "\n")
        _replace(page, table(kept))


def agrees(outcome: dict[str, Any]) -> bool:
    """Whether the bundle does what the policy does: within the goal, or as nearly as the task lets any export come."""
    if not outcome["valid"] or outcome["open_error"] > LIMIT:
        return False
    return bool(outcome["action_error"] <= max(LIMIT, ROUNDINGS * (outcome["nudge_error"] or 0.0)))


def write_table() -> None:
    """Write the table of what is stored; outcomes of cases that are no more are dropped."""
    with alone(STORE.with_name(f".{STORE.name}.lock"), 30.0):
        outcomes = stored()
        kept = {c.name: outcomes[c.name] for c in CASES if c.name in outcomes}
        _replace(STORE, json.dumps(kept, indent=1) + "\n")
        _replace(TABLE, table(kept))


def _replace(path: Path, text: str) -> None:
    """Write a file in one go, so that nobody reads half of it."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.write_text(text, encoding="utf-8")
    half.replace(path)


def table(outcomes: dict[str, dict[str, Any]]) -> str:
    """Return the page."""
    code = digest_here()
    rows = [row(case, outcomes[case.name], code) for case in CASES if case.name in outcomes]
    absent = [f"* {case.name}\n" for case in CASES if case.name not in outcomes]
    missing = ["\nNot run yet:\n\n", *absent] if absent else []
    return "".join([HEAD.replace("CODE", f"`{code}`"), *rows, *missing])


def row(case: Case, outcome: dict[str, Any], code: str | None = None) -> str:
    """Return a row of the table.

    Args:
        case: What was run.
        outcome: What it came to.
        code: State of the code that the page is written at; rows of another are marked.
    """
    head = [case.env, f"**{case.title}**" if case.telling else case.title, case.actor, case.backend]
    taken = str(outcome.get("code") or "unknown") + (" (older)" if code and outcome.get("code") != code else "")
    if "failure" in outcome:
        return f"| {' | '.join([*head, 'failed: ' + outcome['failure']])} |||||||||||| {taken} |\n"
    rewards = ["-" if r is None else f"{r:.4f}" for r in (outcome["policy_reward"], outcome["bundle_reward"])]
    cells = [
        *head,
        f"{outcome['export_s']:.1f} s",
        f"{outcome['record_s']:.1f} s" if "record_s" in outcome else "-",
        f"{outcome['size'] / 1000:.0f} kB",
        str(outcome["steps"]),
        *(_small(outcome.get(key)) for key in ("action_error", "open_error", "nudge_error", "state_error")),
        *rewards,
        f"{outcome['loop_rate']:.2g}/s",
        f"{outcome['bundle_rate']:.0f}/s",
        taken,
    ]
    return f"| {' | '.join(cells)} |\n"


def _small(value: float | None) -> str:
    return "-" if value is None else f"{value:.1e}"
