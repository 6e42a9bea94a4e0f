"""Writes docs/reference/example-plugins.md: what the example distributions do, measured where they are installed.

Usage: python -m tests.plugins.distributions --python VENV/bin/python --write docs/reference/example-plugins.md

The interpreter is one that has ``leapp-sb3`` with its extras ``contrib`` and ``mujoco``, and ``leapp-openvino``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.plugins.conftest import PLUGINS

KITS = (
    ("leapp-openvino", ("backends", "test", "openvino-ir")),
    ("leapp-sb3", ("envs", "test", "gymnasium", "--task", "CartPole-v1")),
    ("leapp-sb3", ("envs", "test", "gymnasium", "--task", "InvertedPendulum-v5")),
)
PAGE = """<!-- Written by python -m tests.plugins.distributions; change the script instead. -->

# Two example distributions

`docs/examples/plugins/leapp-sb3` and `leapp-openvino` are distributions as a third party writes them: with the guides
[Write a backend](../howto/write-a-backend.md) and
[Write an environment or a policy adapter](../howto/write-an-environment.md),
and with the [public modules](stability.md) alone. This page is written by

```sh
python -m tests.plugins.distributions --python VENV/bin/python --write docs/reference/example-plugins.md
```

where `VENV` has both of them installed.

## SB3's own `predict` beside the bundle

Each policy is trained for seconds, exported with `leapp export --env gymnasium`, and run by the runtime on the task
beside `model.predict(observation, deterministic=True)` on another copy of it, from the same seeds, each with its own
actions. Differences are the largest of all steps; an action that is chosen is an index.

{episodes}

## Conformance kits

{kits}
"""


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def episode_row(row: Mapping[str, Any]) -> list[str]:
    """Return a line of the table of episodes."""
    way = row["way"]
    recurrent = "yes" if way["algorithm"].startswith("Recurrent") else "no"
    numbers = [f"{row[name]:.1e}" if row[name] else "0" for name in ("action", "observation", "reward")]
    return ["SB3", way["algorithm"], way["task"], way["covers"], recurrent, str(row["steps"]), *numbers]


def kit_row(distribution: str, command: Sequence[str], checks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a line of the table of kits."""
    verdicts = Counter(check["verdict"] for check in checks)
    refused = ", ".join(check["name"].removeprefix("exports ") for check in checks if check["verdict"] == "refused")
    grades = [str(verdicts[name]) for name in ("exact", "ok", "refused", "failed")]
    return [distribution, f"`leapp {' '.join(command)}`", *grades, refused]


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True, help="interpreter that has both distributions")
    parser.add_argument("--write", type=Path, help="where the page goes; it is printed otherwise")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        line = [given.python, PLUGINS / "leapp-sb3" / "tests" / "episodes.py"]
        said = subprocess.run(line, capture_output=True, text=True, check=True, cwd=folder).stdout
        rows = [episode_row(json.loads(text)) for text in said.splitlines()]
        kits = []
        for distribution, command in KITS:
            line = [given.python, "-m", "leapp_core.cli", *command, "--json"]
            said = subprocess.run(line, capture_output=True, text=True, check=False, cwd=folder).stdout
            kits.append(kit_row(distribution, command, json.loads(said)["checks"]))
    episodes = ("trainer", "algorithm", "task", "covers", "recurrent", "steps", "action", "observation", "return")
    graded = ("distribution", "kit", "exact", "ok", "refused", "failed", "refused cases")
    text = PAGE.format(episodes=table(episodes, rows), kits=table(graded, kits))
    if given.write is None:
        sys.stdout.write(text)
    else:
        given.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
