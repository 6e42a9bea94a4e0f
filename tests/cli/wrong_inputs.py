"""What people give the command line by mistake, and the message that each gets.

``python -m tests.cli.wrong_inputs --write docs/reference/wrong-inputs.md`` runs every line and writes the table; a test
runs them too, and fails if one does not end with one error that says what to do, or leaves something behind.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from leapp_rsl_rl.environments.builtin.provider import BuiltinProvider
from tests.cli.invoke import Result, leapp

TASK = "Builtin-Reach-Arm"
PRETRAINED = f"export --task {TASK} --use_pretrained_checkpoint"
FROM = f"export --task {TASK} --checkpoint"
HEAD = """<!-- Made by python -m tests.cli.wrong_inputs --write THIS_FILE; edit the source instead. -->

# Wrong inputs

What the command line says to {count} wrong inputs. Each is run by a test, in a folder that holds the bundle
`{task}`, the checkpoint `model.pt` and some files that are neither. Each ends with one error and its
[exit code](exit-codes.md), without a traceback, and leaves no file behind.

Each message is judged by the same questions, by a test: does it name what was given, or what is missing (*names it*);
does it say what would have been right (*expected*); does it say what to do (*fix*); one of the last two at least.

"""


@dataclass(frozen=True)
class Wrong:
    """A line that cannot work.

    Attributes:
        line: Arguments of ``leapp``.
        code: Exit code.
        varies: The message holds what is installed here, so that only its form is tested.
    """

    line: str
    code: int
    varies: bool = False


USAGE = [Wrong(line, 2) for line in (
    "bnch",
    "--verion",
    "run",
    f"run {TASK} 3",
    f"run {TASK} --inptus in.npz",
    f"run {TASK} --inputs",
    "backends shw",
    "backends show onx-dynamo",
    "backends test",
    "envs list bultin",
)]  # fmt: skip
NUMBERS = [Wrong(line, 2) for line in (
    f"bench {TASK} --threads 0",
    f"bench {TASK} --threads 100000",
    f"bench {TASK} --frequency 100",
    f"bench {TASK} --realtime 1 --frequency 0",
    f"bench {TASK} --realtime 0.001",
    f"run {TASK} --steps 0",
    f"run {TASK} --steps many",
    f"run {TASK} --seed -1",
    f"validate {TASK} --atol 1e-3",
    f"validate {TASK} --atol -1 --rtol 0",
    f"validate {TASK} --atol nan --rtol 0",
    f"deploy {TASK} --max_drift -1",
    f"diff {TASK} {TASK} --steps -1",
    f"{PRETRAINED} --prove-seconds inf",
)]  # fmt: skip
BUNDLES = [Wrong(line, 10) for line in (
    "inspect nothing-here",
    "inspect Builtin-Reach-Arn",
    "inspect empty",
    "inspect .",
    "inspect notes.txt",
    f"inspect {TASK}/{TASK}.onnx",
    f"inspect {TASK}/report.html",
    "run model.pt",
    "run in.npz",
    "validate damaged",
    "inspect broken.yaml",
    f"diff {TASK} nothing-here",
    f"report {TASK} notes.txt",
)] + [Wrong("check", 2), Wrong(f"check {TASK} --consumer isaac-rso", 2)]  # fmt: skip
FILES = [
    Wrong(f"run {TASK} --inputs im.npz", 2),
    Wrong(f"run {TASK} --inputs empty", 2),
    Wrong(f"run {TASK} --inputs {TASK}", 2),
    Wrong(f"run {TASK} --inputs notes.txt", 11),
    Wrong(f"run {TASK} --inputs one-missing.npz", 11),
    Wrong(f"run {TASK} --inputs wrong-shape.npz", 11),
    Wrong(f"run {TASK} --inputs nan.npz --check-finite", 11),
    Wrong(f"run {TASK} --replay in.npz", 10),
    Wrong(f"run {TASK} --replay in.npz --output out.npz", 2),
    Wrong(f"run {TASK} --output none/out.npz", 2),
    Wrong(f"run {TASK} --output empty", 2),
    Wrong(f"run {TASK} --output out.npz --record out.npz", 2),
    Wrong(f"run {TASK} --provider cdua", 2),
    Wrong(f"run {TASK} --provider tensorrt", 2, varies=True),
    Wrong(f"visualize {TASK} --output picture.jpg", 2),
    Wrong(f"report {TASK} --output page.pdf", 2),
    Wrong(f"report {TASK} {TASK} --output none/page.html", 2),
    Wrong(f"deploy {TASK} --video film.avi", 2),
    Wrong(f"deploy {TASK} --compare nothing.pt", 5),
    Wrong(f"deploy {TASK} --device gpu0", 2, varies=True),
]
EXPORTS = [
    Wrong("export", 2),
    Wrong("export --task Builtin-Reach-Amr --use_pretrained_checkpoint", 2),
    Wrong(f"export --task {TASK}", 2),
    Wrong(f"{PRETRAINED} --checkpoint model.pt", 2),
    Wrong(f"{PRETRAINED} --env bultin", 2),
    Wrong(f"{PRETRAINED} --backend onx", 2),
    Wrong(f"{PRETRAINED} --adapter rls-rl", 2),
    Wrong(f"{PRETRAINED} --option opst=18", 2),
    Wrong(f"{PRETRAINED} --option opset", 2),
    Wrong(f"{PRETRAINED} --option opset=many", 2),
    Wrong(f"{PRETRAINED} --option opset=9999", 2, varies=True),
    Wrong(f"{PRETRAINED} --dynamic-batch --option dynamic_batch=false", 2),
    Wrong(f"{PRETRAINED} --export_task_name a/b", 2),
    Wrong(f"{PRETRAINED} --save_path notes.txt", 8),
    Wrong(f"{PRETRAINED} --save_path /proc/out", 8),
    Wrong(f"{PRETRAINED} sim.dt=0.01", 2),
    Wrong(f"{PRETRAINED} --import no_such_module", 2),
    Wrong(f"{FROM} modle.pt", 5),
    Wrong(f"{FROM} empty", 5),
    Wrong(f"{FROM} {TASK}", 5),
    Wrong(f"{FROM} {TASK}/{TASK}.onnx", 5),
    Wrong(f"{FROM} notes.txt", 5),
    Wrong(f"{FROM} cut.pt", 5),
    Wrong(f"{FROM} hopper.pt", 5),
    Wrong(f"export --task {TASK} --load_run (", 2),
    Wrong("export --policy-only", 2),
    Wrong(f"export --policy-only --task {TASK} --checkpoint model.pt", 2),
    Wrong(f"{PRETRAINED} --agent agent.yaml", 2),
    Wrong("export --policy-only --checkpoint model.pt --observation_shape policy=ten", 2),
    Wrong("demo --task nothing", 2),
    Wrong("demo --save_path notes.txt", 8),
]
BY_UDP = f"serve {TASK} --listen 127.0.0.1:9870 --send 127.0.0.1:9871"
CONTROL = [
    Wrong("serve nothing-here --listen 127.0.0.1:9870 --send 127.0.0.1:9871", 10),
    Wrong(f"serve {TASK}", 2),
    Wrong(f"serve {TASK} --listen 127.0.0.1:9870", 2),
    Wrong(f"serve {TASK} --listen here --send 127.0.0.1:9871", 2),
    Wrong(f"serve {TASK} --listen 127.0.0.1:99999 --send 127.0.0.1:9871", 2),
    Wrong(f"{BY_UDP} --dds 0", 2),
    Wrong(f"serve {TASK} --dds 999", 2),
    Wrong(f"serve {TASK} --adapter none.py:connect", 2),
    Wrong(f"{BY_UDP} --rate 0", 2),
    Wrong(f"{BY_UDP} --rate 7", 2),
    Wrong(f"{BY_UDP} --steps 0", 2),
    Wrong(f"{BY_UDP} --max-age -1", 2),
    Wrong(f"{BY_UDP} --stamps never", 2),
    Wrong(f"{BY_UDP} --limits nothing.yaml", 2),
    Wrong(f"{BY_UDP} --limits notes.txt", 2),
    Wrong(f"{BY_UDP} --mcap out.mcap", 2),
    Wrong(f"{BY_UDP} --ring none/last.ring", 2),
    Wrong("ring", 2),
    Wrong("ring nothing.ring", 2),
    Wrong("ring notes.txt", 10),
    Wrong(f"ring {TASK}", 2),
    Wrong("ring notes.txt none/out.mcap", 2),
]
GROUPS = {
    "Commands and options": USAGE,
    "Numbers": NUMBERS,
    "Bundles": BUNDLES,
    "Files to read and to write": FILES,
    "Exports": EXPORTS,
    "Controllers and their rings": CONTROL,
}
ALL = [wrong for group in GROUPS.values() for wrong in group]


def shipped(task: str) -> Path:
    """Return the checkpoint that comes with a task."""
    path = BuiltinProvider().pretrained_checkpoint(task)
    assert path is not None
    return path


def furnish(folder: Path, bundle: Path) -> None:
    """Make the folder in which every line is run."""
    shutil.copytree(bundle, folder / TASK)
    shutil.copytree(bundle, folder / "damaged")
    (folder / "damaged" / f"{TASK}.onnx").write_bytes(b"no model")
    (folder / "empty").mkdir()
    (folder / "notes.txt").write_text("gains: see mail\n")
    (folder / "broken.yaml").write_text("pipeline: [\n")
    shutil.copy(shipped(TASK), folder / "model.pt")
    shutil.copy(shipped("Builtin-Velocity-Hopper"), folder / "hopper.pt")
    (folder / "cut.pt").write_bytes(shipped(TASK).read_bytes()[:4000])
    given = {
        "joint_pos": np.zeros((1, 3), np.float32),
        "joint_vel": np.zeros((1, 3), np.float32),
        "target_position": np.zeros((1, 2), np.float32),
    }
    np.savez(folder / "in.npz", **given)
    np.savez(folder / "one-missing.npz", joint_pos=given["joint_pos"])
    np.savez(folder / "wrong-shape.npz", **given | {"joint_vel": np.zeros((1, 7), np.float32)})
    np.savez(folder / "nan.npz", **given | {"joint_vel": np.full((1, 3), np.nan, np.float32)})


def said(wrong: Wrong, folder: Path) -> Result:
    """Run a line in the folder; places in what it says are relative to it."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        result = leapp(*wrong.line.split())
    finally:
        os.chdir(before)
    roots = (str(folder.resolve()), str(folder))
    err = result.err[result.err.find("error: ") :] if "error: " in result.err else result.err  # without its progress
    for root in roots:
        err = err.replace(f"{root}{os.sep}", "").replace(root, ".")
    return Result(result.code, result.out, err)


@dataclass(frozen=True)
class Judgement:
    """What a message has.

    Attributes:
        names: It names an argument of the line, or what is missing.
        expected: It says what would have been right.
        fix: It says what to do.
        plain: No figure is in a form that only programs write, and no sentence says that one thing "is no" other.
    """

    names: bool
    expected: bool
    fix: bool
    plain: bool

    @property
    def holds(self) -> bool:
        """Whether a reader can go on from it."""
        return self.names and self.plain and (self.expected or self.fix)


def judged(wrong: Wrong, result: Result) -> Judgement:
    """Return what the message of a line has."""
    lines = result.err.splitlines()
    told = "\n".join([lines[0], *(line for line in lines[1:] if "where: " in line or line.startswith("- line"))])
    given = {part for word in wrong.line.split() for part in (word, *word.split("="), Path(word).name) if part}
    named = any(re.search(rf"(?<!\w){re.escape(part)}(?!\w)", told) for part in given)
    missing = re.search(r"--[a-z]|\b[A-Z]{3,}\b|\bno [a-z ]+ was (given|named)|'[^']+'|- line \d", told)
    return Judgement(
        names=named or missing is not None,
        expected="expected: " in result.err,
        fix="fix: " in result.err,
        plain=not re.search(r"(?<!there )\bis no (?!such|longer)|\d[eE]\+\d|of type int", result.err),
    )


def verdicts(results: Mapping[str, Judgement]) -> str:
    """Return the judgements as a table."""
    head = "| `leapp …` | names it | expected | fix |\n| --- | --- | --- | --- |\n"
    mark = {True: "yes", False: ""}
    rows = [
        f"| `{line.replace('|', '/')}` | {mark[j.names]} | {mark[j.expected]} | {mark[j.fix]} |\n"
        for line, j in results.items()
    ]
    return "## How each message was judged\n\n" + head + "".join(rows)


def files(folder: Path) -> dict[str, int]:
    """Return every file with its size."""
    return {str(path.relative_to(folder)): path.stat().st_size for path in sorted(folder.rglob("*")) if path.is_file()}


def page(folder: Path) -> str:
    """Run everything and return the table."""
    parts = [HEAD.format(count=len(ALL), task=TASK)]
    found: dict[str, Judgement] = {}
    for title, group in GROUPS.items():
        parts.append(f"## {title}\n\n")
        for wrong in group:
            result = said(wrong, folder)
            found[wrong.line] = judged(wrong, result)
            parts.append(entry(wrong, result))
    return "".join([*parts, verdicts(found)])


def entry(wrong: Wrong, result: Result) -> str:
    """Return what the page says of one line."""
    return f"`leapp {wrong.line}` (exit code {result.code})\n\n```text\n{result.err.rstrip()}\n```\n\n"


def main() -> None:
    """Write the table, or print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--bundle", type=Path, help="take this bundle of the task instead of exporting one")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        bundle = chosen.bundle or Path(place) / "made" / TASK
        if chosen.bundle is None:
            made = leapp(*PRETRAINED.split(), "--closed_loop_steps", "5", "--save_path", str(bundle.parent))
            assert made.code == 0, made.err
        folder = Path(place) / "there"
        folder.mkdir()
        furnish(folder, bundle)
        text = page(folder)
    if chosen.write is None:
        print(text)  # noqa: T201
    else:
        chosen.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
