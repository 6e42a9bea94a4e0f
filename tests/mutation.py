"""What the tests protect: faults put into the source by a seed, each run against the tests that reach its line.

``python -m tests.mutation reach`` runs the quick tests under coverage and notes which test reaches which line, ``reach
--tier rest`` the others (hours); arguments after ``--`` go to pytest. ``python -m tests.mutation run --count 200``
draws the faults, puts each into a copy of the tree, runs the quick tests that reach its line, then, if it lives, the
others, and writes what came of it. ``python -m tests.mutation report`` prints the figures, and how many lines of
``leapp_core`` the quick tests run, of those that all tests run.
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".cache" / "mutation"
MUTATED = ("spec", "bundle", "runtime", "validation", "tracing/find")
LIMIT = 300  # seconds for the tests of one fault
SWAPPED: dict[type, type] = {
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq},
    **{ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And},
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult},
}


@dataclass(frozen=True)
class Mutant:
    """A fault: one expression of a file replaced by another.

    Attributes:
        file: Path below the root.
        line: Where it begins.
        start: First byte of what is replaced.
        end: The byte after.
        before: The expression.
        after: What stands there instead.
    """

    file: str
    line: int
    start: int
    end: int
    before: str
    after: str

    def apply(self, root: Path) -> None:
        """Write the fault into a copy of the tree."""
        content = (ROOT / self.file).read_bytes()
        (root / self.file).write_bytes(content[: self.start] + self.after.encode() + content[self.end :])


def mutants(path: Path) -> Iterator[Mutant]:
    """Yield every fault that a file can be given, text of messages and annotations left alone."""
    content = path.read_bytes()
    starts = [0]
    for line in content.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node in ast.walk(ast.parse(content)):
        changed = _changed(node)
        if changed is not None:
            start, end = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
            before = content[start:end].decode()
            yield Mutant(
                path.relative_to(ROOT).as_posix(), node.lineno, start, end, before, f"({ast.unparse(changed)})"
            )


def _changed(node: ast.AST) -> ast.expr | None:
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPPED:
        return ast.Compare(node.left, [SWAPPED[type(node.ops[0])](), *node.ops[1:]], node.comparators)
    if isinstance(node, ast.BoolOp):
        return ast.BoolOp(SWAPPED[type(node.op)](), node.values)
    if isinstance(node, ast.BinOp) and type(node.op) in SWAPPED:
        return ast.BinOp(node.left, SWAPPED[type(node.op)](), node.right)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return node.operand
    if isinstance(node, ast.IfExp):
        return ast.IfExp(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
    if isinstance(node, ast.Constant) and isinstance(node.value, (bool, int)):
        return ast.Constant(not node.value if isinstance(node.value, bool) else node.value + 1)
    return None


def draw(count: int, seed: int) -> list[Mutant]:
    """Draw faults from all files, each as likely as any other."""
    files = [path for part in MUTATED for path in sorted((ROOT / "leapp_core" / part).rglob("*.py"))]
    everything = [mutant for path in files for mutant in mutants(path)]
    return random.Random(seed).sample(everything, min(count, len(everything)))


def reach(tier: str, arguments: Sequence[str]) -> int:
    """Run tests under coverage, test by test, in one process."""
    WORK.mkdir(parents=True, exist_ok=True)
    settings = WORK / "coverage.ini"
    settings.write_text("[run]\ndynamic_context = test_function\nsource = leapp_core\n")
    data = WORK / f"{tier}.coverage"
    line = [sys.executable, "-m", "coverage", "run", f"--rcfile={settings}", f"--data-file={data}", "-m", "pytest"]
    return subprocess.run([*line, "-q", "-n", "0", *arguments], cwd=ROOT, check=False).returncode


def reaching(tier: str) -> dict[tuple[str, int], set[str]]:
    """Return the tests that reach each line, as ``tests.module.test_function``."""
    from coverage import CoverageData

    data = CoverageData(str(WORK / f"{tier}.coverage"))
    data.read()
    found: dict[tuple[str, int], set[str]] = {}
    for file in data.measured_files():
        for line, contexts in data.contexts_by_lineno(file).items():
            key = (os.path.relpath(file, ROOT), line)
            found[key] = {context for context in contexts if context}
    return found


def tests_of(contexts: set[str]) -> list[str]:
    """Return node ids for names of test functions, whose module may be named from any folder above it."""
    files = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")]
    found = set()
    for context in contexts:
        parts = context.split(".")
        for length in range(len(parts), 0, -1):
            ending = "/" + "/".join(parts[:length]) + ".py"
            here = [file for file in files if f"/{file}".endswith(ending)]
            found |= {"::".join([file, *parts[length:]]) for file in here}
            if here:
                break
    return sorted(found)


def kills(mutant: Mutant, tests: Sequence[str], copy: Path) -> bool:
    """Return whether some test fails with the fault; running into the limit counts as failing."""
    mutant.apply(copy)
    environment = {**os.environ, "PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1"}
    line = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(line, cwd=copy, env=environment, capture_output=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return True
    finally:
        shutil.copyfile(ROOT / mutant.file, copy / mutant.file)
    return done.returncode not in (0, 5)


def run(count: int, seed: int) -> None:
    """Try every fault and append what came of it to ``results-SEED.jsonl``; a run that was stopped goes on."""
    results = WORK / f"results-{seed}.jsonl"
    known = results.read_text().splitlines() if results.exists() else []
    tiers = {tier: reaching(tier) for tier in ("quick", "rest") if (WORK / f"{tier}.coverage").exists()}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".venv", ".git", ".cache", "__pycache__"))
        for number, mutant in enumerate(draw(count, seed)[len(known) :], len(known) + 1):
            killed = "unreached"
            for tier, reached in tiers.items():
                tests = tests_of(reached.get((mutant.file, mutant.line), set()))
                if tests:
                    killed = tier if kills(mutant, tests, copy) else "lives"
                if killed == tier:
                    break
            sys.stdout.write(f"{number}: {killed}: {mutant.file}:{mutant.line} {mutant.before!r} -> {mutant.after!r}\n")
            sys.stdout.flush()
            with results.open("a", encoding="utf-8") as file:
                file.write(json.dumps({**asdict(mutant), "killed": killed}) + "\n")


def coverage_of(tiers: Sequence[str]) -> float:
    """Return the percentage of the lines of ``leapp_core`` that the tests of some tiers run."""
    from coverage import Coverage, CoverageData

    merged = WORK / "merged.coverage"
    merged.unlink(missing_ok=True)
    together = CoverageData(str(merged))
    for tier in tiers:
        data = CoverageData(str(WORK / f"{tier}.coverage"))
        data.read()
        together.update(data)
    together.write()
    measured = Coverage(data_file=str(merged), source=["leapp_core"])
    measured.load()
    return measured.report(file=io.StringIO())


def report(seed: int) -> str:
    """Return the figures."""
    lines = [json.loads(line) for line in (WORK / f"results-{seed}.jsonl").read_text().splitlines()]
    counts = Counter(line["killed"] for line in lines)
    dead = counts["quick"] + counts["rest"]
    rows = [f"| faults | {len(lines)} |", *(f"| {name} | {number} |" for name, number in sorted(counts.items()))]
    if dead:
        rows.append(f"| killed by the quick tests, of all that are killed | {counts['quick'] / dead:.0%} |")
    tiers = [tier for tier in ("quick", "rest") if (WORK / f"{tier}.coverage").exists()]
    groups = [tiers[:number] for number in range(1, len(tiers) + 1)]
    rows += [f"| lines of leapp_core run by {' and '.join(group)} | {coverage_of(group):.1f} % |" for group in groups]
    return "\n".join(["| what | number |", "|---|---|", *rows, ""])


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("reach", "run", "report"))
    parser.add_argument("--tier", choices=("quick", "rest"), default="quick", help="what reach notes")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("arguments", nargs="*", help="of pytest, after --")
    given = parser.parse_args()
    if given.what == "reach":
        return reach(given.tier, given.arguments or (["--quick"] if given.tier == "quick" else ["-m", "slow"]))
    if given.what == "run":
        run(given.count, given.seed)
    else:
        sys.stdout.write(report(given.seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
