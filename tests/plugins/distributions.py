"""Writes docs/reference/example-plugins.md: what the example distributions do, measured where they are installed.

Usage: python -m tests.plugins.distributions [DISTRIBUTION ...]

LEAPP and a distribution are built as wheels and installed, with the extra ``test`` and whatever they require, into an
environment of their own that sees nothing else. What is kept of distributions that are not named stays.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests import closed_loops
from tests.plugins.conftest import PLUGINS, ROOT, Sandbox

PAGE = ROOT / "docs" / "reference" / "example-plugins.md"
KEPT = ROOT / "docs" / "reference" / "example-plugins.json"
PROJECTS = OPENVINO, SB3 = PLUGINS / "leapp-openvino", PLUGINS / "leapp-sb3"
OUTCOMES = ("passed", "skipped", "failed")
VERSIONS = (
    "leapp-framework",
    "torch",
    "onnxruntime",
    "numpy",
    "stable-baselines3",
    "sb3-contrib",
    "gymnasium",
    "openvino",
)
"""Packages whose versions are told, where they are installed."""
CHECKPOINT = "CHECKPOINT"
"""Stands for a file that is trained for the kit."""
KITS: tuple[tuple[str, tuple[str, ...], str | None], ...] = (
    ("leapp-openvino", ("backends", "test", "openvino-ir"), None),
    *(
        (
            "leapp-sb3",
            ("adapters", "test", "sb3-zip", "--checkpoint", CHECKPOINT, "--env", "gymnasium", "--task", task),
            f"{algorithm}-{task}",
        )
        for algorithm, task in (("PPO", "Pendulum-v1"), ("SAC", "Pendulum-v1"), ("RecurrentPPO", "Reacher-v5"))
    ),
    ("leapp-sb3", ("adapters", "test", "sb3-zip", "--checkpoint", CHECKPOINT), "PPO-Pendulum-v1"),
    ("leapp-sb3", ("envs", "test", "gymnasium", "--task", "CartPole-v1"), None),
    ("leapp-sb3", ("envs", "test", "gymnasium", "--task", "InvertedPendulum-v5"), None),
)
"""Distribution, command, and the way of training whose checkpoint the command is given."""
TEXT = """<!-- Written by python -m tests.plugins.distributions; change the script instead. -->

# Two example distributions

`docs/examples/plugins/leapp-sb3` and `leapp-openvino` are distributions as a third party writes them: with the guides
[Write a backend](../howto/write-a-backend.md) and
[Write an environment or a policy adapter](../howto/write-an-environment.md),
and with the [public modules](stability.md) alone. This page is written by

```sh
python -m tests.plugins.distributions
```

which builds LEAPP and each of them as wheels and installs them, with the extra `test` and whatever they require, into
an environment of their own that sees nothing else. There it runs everything on this page, and their own tests.

{environments}

## What is installed

{installed}

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


def kit_row(kit: Mapping[str, Any]) -> list[str]:
    """Return a line of the table of kits."""
    grades = [str(kit["grades"].get(name, 0)) for name in ("exact", "ok", "refused", "failed")]
    return [kit["distribution"], f"`leapp {kit['command']}`", *grades, ", ".join(kit["refused"])]


def installed_row(plugin: Mapping[str, Any]) -> list[str]:
    """Return a line of the table of plugins."""
    provides = "; ".join(f"{kind} {', '.join(names)}" for kind, names in plugin["provides"].items())
    return [plugin["wheel"], plugin["name"], plugin["api"], provides, plugin["error"] or "loaded"]


def environment_row(found: Mapping[str, Any]) -> list[str]:
    """Return a line of the table of environments."""
    there = found["versions"]
    versions = ", ".join(f"{name} {there[name]}" for name in ("Python", *VERSIONS) if name in there)
    return [found["distribution"], versions, *(str(found["tests"].get(name, 0)) for name in OUTCOMES)]


def fresh(folder: Path, project: Path) -> Sandbox:
    """Return an environment that holds a distribution and what it requires, LEAPP included, and nothing else."""
    sandbox = Sandbox(folder, alone=True)
    sandbox.build_wheel(ROOT)
    sandbox.install_wheel(project, "test")
    return sandbox


def measured(sandbox: Sandbox, project: Path, folder: Path) -> dict[str, Any]:
    """Return everything that the page tells of a distribution."""
    python = sandbox.python
    listed = json.loads(_said(python, "-m", "leapp_core.cli", "plugins", "list", "--json", cwd=folder))["plugins"]
    ours = [plugin for plugin in listed if plugin["distribution"] == project.name]
    tests = ElementTree.parse(sandbox.own_tests(project)).getroot()
    rows = [found.get("value", "") for found in tests.iter("property") if found.get("name") == "episodes"]
    return {
        "environment": {
            "distribution": project.name,
            "versions": _versions(python, folder),
            "tests": _outcomes(tests),
        },
        "installed": [{**plugin, "wheel": _wheel(plugin)} for plugin in ours],
        "episodes": [json.loads(row) for row in rows],
        "kits": list(_graded(python, folder, project.name)),
    }


def _versions(python: Path, folder: Path) -> dict[str, str]:
    said = _said(python, "-m", "pip", "list", "--format", "json", cwd=folder)
    there = {found["name"].lower().replace("_", "-"): found["version"] for found in json.loads(said)}
    own = _said(python, "-c", "import platform; print(platform.python_version())", cwd=folder).strip()
    return {"Python": own, **{name: there[name] for name in VERSIONS if name in there}}


def _outcomes(tests: ElementTree.Element) -> dict[str, int]:
    """Return how many tests passed, were skipped and failed."""
    cases = list(tests.iter("testcase"))
    skipped = sum(case.find("skipped") is not None for case in cases)
    failed = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
    return {"passed": len(cases) - skipped - failed, "skipped": skipped, "failed": failed}


def _wheel(plugin: Mapping[str, Any]) -> str:
    return f"`{plugin['distribution'].replace('-', '_')}-{plugin['version']}-py3-none-any.whl`"


def _graded(python: Path, folder: Path, project: str) -> Iterator[dict[str, Any]]:
    for distribution, command, way in KITS:
        if distribution != project:
            continue
        line = list(command)
        if way is not None:
            (folder / way).mkdir(exist_ok=True)
            trained = _said(python, SB3 / "tests" / "training.py", way, folder / way, cwd=folder).strip()
            line[line.index(CHECKPOINT)] = trained
        said = _said(python, "-m", "leapp_core.cli", *line, "--json", cwd=folder, check=False)
        checks = json.loads(said)["checks"]
        yield {
            "distribution": distribution,
            "command": " ".join(command).replace(CHECKPOINT, f"{way}.zip"),
            "grades": Counter(check["verdict"] for check in checks),
            "refused": [c["name"].removeprefix("exports ") for c in checks if c["verdict"] == "refused"],
        }


def _said(python: Path, *line: Any, cwd: Path, check: bool = True) -> str:
    return subprocess.run([python, *line], capture_output=True, text=True, check=check, cwd=cwd).stdout


def page(kept: Mapping[str, Any]) -> str:
    """Return the page."""
    episodes = ("trainer", "algorithm", "task", "covers", "recurrent", "steps", "action", "observation", "return")
    graded = ("distribution", "kit", "exact", "ok", "refused", "failed", "refused cases")
    parts = [kept[project.name] for project in PROJECTS]

    def rows(name: str) -> list[Any]:
        return [row for part in parts for row in part[name]]

    environments = [environment_row(part["environment"]) for part in parts]
    return TEXT.format(
        environments=table(("environment of", "with", *(f"own tests: {name}" for name in OUTCOMES)), environments),
        installed=table(("wheel", "plugin", "built for", "provides", "status"), map(installed_row, rows("installed"))),
        episodes=table(episodes, map(episode_row, rows("episodes"))),
        kits=table(graded, map(kit_row, rows("kits"))),
    )


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [project.name for project in PROJECTS]
    parser.add_argument("distributions", nargs="*", choices=[*names, []], help="which to measure again; else both")
    chosen = parser.parse_args().distributions or names
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.is_file() else {}
    for project in PROJECTS:
        if project.name in chosen:
            with tempfile.TemporaryDirectory() as folder:
                kept[project.name] = measured(fresh(Path(folder) / "venv", project), project, Path(folder))
            KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    PAGE.write_text(page(kept), encoding="utf-8")
    closed_loops.write()


if __name__ == "__main__":
    main()
