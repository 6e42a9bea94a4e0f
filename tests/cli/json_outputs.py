"""Keys of what ``leapp ... --json`` prints, read off what it prints.

``python -m tests.cli.json_outputs --write docs/reference/json.md`` runs every line and writes the page; a test runs
them too. The page is part of what is public (``tests/architecture/public_api.py``), so that a key is not renamed
unnoticed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leapp_rsl_rl.environments.builtin.provider import BuiltinProvider
from tests.cli.invoke import leapp

TASK = "Builtin-Reach-Arm"
EXPORT = f"--task {TASK} --use_pretrained_checkpoint --save_path"
NAMED = frozenset(
    [
        "max_error",
        "slack",
        "state_error",
        "largest_state_difference",
        "not_finite",
        "outputs",
        "outputs[]",
        "weights",
        "operators",
        "timings",
        "builds",
        "rules",
        "provides",
        "faults",
    ]
)
"""Keys of objects that are keyed by names of nodes, ports, packages and the like."""
FREE = frozenset(("configs", "extra", "parameters", "nodes[].options", "gpus", "troubles"))
"""Keys whose contents are the task's, the format's or the machine's own."""
KINDS = {bool: "boolean", int: "number", float: "number", str: "text", list: "list", dict: "object"}
HEAD = """<!-- Made by python -m tests.cli.json_outputs --write THIS_FILE; edit the source instead. -->

# JSON of commands

What commands print with `--json`: each key, and what it holds. `[]` stands for each element of a list, `*` for each of
the names that an object is keyed by. Objects whose keys are the task's, the format's or the machine's own are not
looked into. What may be `null` says so where it was `null` in the lines that this page is made from. Later versions may
add keys; a key that is here keeps its name and what it holds ([Stability](stability.md)).

"""


@dataclass(frozen=True)
class Output:
    """What one command prints.

    Attributes:
        command: Its name: ``backends show``.
        lines: Arguments that it is run with, in a folder that holds a bundle, its checkpoint and a ring.
        slow: It takes a minute.
    """

    command: str
    lines: tuple[str, ...] = ("",)
    slow: bool = False


OUTPUTS = (
    Output("export", (f"{EXPORT} again", "--policy-only --checkpoint model.pt --export_task_name network"), slow=True),
    Output("inspect", (f"{TASK} --constants",)),
    Output("check", (TASK,)),
    Output("validate", (TASK,)),
    Output("run", (f"{TASK} --steps 2",)),
    Output("deploy", (f"{TASK} --steps 3", f"{TASK} --steps 3 --compare model.pt"), slow=True),
    Output("serve", (f"{TASK} --listen 127.0.0.1:0 --send 127.0.0.1:9 --steps 3 --ring last.ring",)),
    Output("ring", ("last.ring",)),
    Output("bench", (f"{TASK} --steps 20", f"{TASK} --steps 20 --realtime 50")),
    Output("diff", (f"{TASK} other",)),
    Output("visualize", (f"{TASK} -o picture.png",)),
    Output("report", (TASK,)),
    Output("demo", ("--save_path demo",), slow=True),
    Output("doctor"),
    Output("explain", ("C012", "--list")),
    Output("targets"),
    Output("backends list"),
    Output("backends show", ("onnx-dynamo", "pt2")),
    Output("backends test", ("pt2",), slow=True),
    Output("envs list", ("", "builtin")),
    Output("envs test", (f"builtin --task {TASK}",), slow=True),
    Output("adapters list"),
    Output("adapters test", ("rsl-rl --checkpoint model.pt",), slow=True),
    Output("consumers list"),
    Output("consumers test", ("isaac-ros",), slow=True),
    Output("passes list"),
    Output("passes test", ("halves-by-product",), slow=True),
    Output("plugins list"),
    Output("plugins new", ("fresh --kind backend",)),
)
PLUGINS = {
    "halves": """
from leapp_core import hookimpl
from leapp_core.plugins.exporters import ProgramPass

LEAPP_PLUGIN_API = "1.0"


class HalvesByProduct(ProgramPass):
    name = "halves-by-product"
    summary = "x / 2 as x * 0.5"

    def run(self, graph_module):
        return False


@hookimpl
def leapp_register_passes(registry):
    registry.add(HalvesByProduct())
""",
    "failing": "raise RuntimeError('the licence server is down')",
}
"""Plugins that are installed beside ours, by module: what is listed of passes, and of plugins that do not load."""


def furnish(folder: Path, bundle: Path) -> None:
    """Fill the folder that lines are run in."""
    shutil.copytree(bundle, folder / TASK)
    shutil.copytree(bundle, folder / "other")
    checkpoint = BuiltinProvider().pretrained_checkpoint(TASK)
    assert checkpoint is not None
    shutil.copy(checkpoint, folder / "model.pt")
    shutil.copytree(checkpoint.parent / "params", folder / "params")
    for name, source in PLUGINS.items():
        (folder / f"{name}.py").write_text(source)
        facts = folder / f"{name}-0.1.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
        (facts / "entry_points.txt").write_text(f"[leapp]\n{name} = {name}\n")


def printed(output: Output, folder: Path) -> list[Any]:
    """Return what a command prints, for each of its lines, run in a folder and with the plugins that are in it."""
    before = Path.cwd()
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    try:
        results = [leapp(*output.command.split(), *line.split(), "--json") for line in output.lines]
    finally:
        sys.path.remove(str(folder))
        for name in PLUGINS:
            sys.modules.pop(name, None)
        os.chdir(before)
    for line, result in zip(output.lines, results, strict=True):
        assert result.out, f"leapp {output.command} {line}: {result.err}"
    return [json.loads(result.out) for result in results]


def keys(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield the places of a value with what each holds; those with something inside stand for it."""
    inner: Iterator[tuple[str, Any]] = iter(())
    if isinstance(value, Mapping):
        named = place.rpartition(".")[2] in NAMED
        inner = ((f"{place}.{'*' if named else key}".removeprefix("."), element) for key, element in value.items())
    elif isinstance(value, list):
        inner = ((f"{place}[]", element) for element in value)
    if not value or {place, place.rpartition(".")[2]} & FREE or not isinstance(value, (Mapping, list)):
        yield place, KINDS.get(type(value), "null")
    else:
        for below, element in inner:
            yield from keys(element, below)


def table(values: list[Any]) -> dict[str, str]:
    """Return the places of everything that a command printed, with what each held."""
    found: dict[str, set[str]] = {}
    for value in values:
        for place, kind in keys(value):
            found.setdefault(place, set()).add(kind)
    filled = [place for place, kinds in found.items() if kinds <= {"list", "object"} and _inside(place, found)]
    return {place: " or ".join(sorted(found[place])) for place in sorted(found) if place not in filled}


def _inside(place: str, found: Iterable[str]) -> bool:
    """Return whether something is within a place: it was empty somewhere, and was not elsewhere."""
    return any(other.startswith((f"{place}.", f"{place}[")) for other in found)


def section(output: Output, found: Mapping[str, str]) -> str:
    """Return what the page says of a command."""
    rows = [f"| `{place}` | {kinds} |" for place, kinds in found.items()]
    return "\n".join([f"## leapp {output.command}", "", "| key | holds |", "| --- | --- |", *rows, "", ""])


def main() -> None:
    """Write the page, or print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--quick", action="store_true", help="leave out what takes a minute")
    parser.add_argument("--bundle", type=Path, help="take this bundle of the task instead of exporting one")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        bundle = chosen.bundle or folder / "made" / TASK
        if chosen.bundle is None:
            made = leapp("export", *EXPORT.split(), str(bundle.parent), "--closed_loop_steps", "5")
            assert made.code == 0, made.err
        furnish(folder, bundle)
        some = [output for output in OUTPUTS if not (output.slow and chosen.quick)]
        text = HEAD + "".join(section(output, table(printed(output, folder))) for output in some)
    if chosen.write is None:
        print(text)  # noqa: T201
    else:
        chosen.write.write_text(text.rstrip("\n") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
