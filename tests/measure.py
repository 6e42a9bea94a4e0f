"""Where the time of the tests goes.

``pytest -p tests.measure --measure times.jsonl`` writes it down, ``python -m tests.measure times.jsonl`` adds it up.

Processor seconds, not seconds by the clock: they are the same however busy the machine is. What a test's own processes
used counts once they have ended. A line is one test, one fixture, or one kind of work, less what is measured inside it.
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

# Kind of work, module and name of the function that does it. What a child process uses is a kind of its own.
KINDS = (
    ("torch.export", "torch.export", "export"),
    ("ONNX exporter", "torch.onnx", "export"),
    ("capture", "leapp_core.tracing.session", "CaptureSession.compile"),
    ("export of a bundle", "leapp_core.export.run", "export_pipeline"),
    ("loading a bundle", "leapp_core.runtime", "load"),
)
PROCESSES = "other processes (environments, interpreters)"


def processor() -> tuple[float, float]:
    """Return the seconds that this process used, and those that its ended children used."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime, children.ru_utime + children.ru_stime


class Recorder:
    """Adds up seconds by kind, each less the seconds of kinds inside it, and writes a line for each test."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kinds: dict[str, float] = defaultdict(float)
        self._inner = [0.0]
        self._fixtures = [0.0]

    @contextmanager
    def kind(self, name: str) -> Generator[None]:
        """Count what the block uses as one kind of work."""
        start = sum(processor())
        self._inner.append(0.0)
        try:
            yield
        finally:
            used = sum(processor()) - start
            self._kinds[name] += used - self._inner.pop()
            self._inner[-1] += used

    def write(self, **line: Any) -> None:
        """Append one line; several workers write to the same file."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
        """Count what a fixture uses, less the fixtures that it asks for."""
        start = sum(processor())
        self._fixtures.append(0.0)
        try:
            return (yield)
        finally:
            used = sum(processor()) - start
            own = used - self._fixtures.pop()
            self._fixtures[-1] += used
            if own > 0.05:
                self.write(fixture=f"{fixturedef.baseid}::{fixturedef.argname}", seconds=own)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Count what a test uses, its fixtures included."""
        self._kinds.clear()
        self._inner[:] = [0.0]
        clock = time.monotonic()
        own, children = processor()
        result = yield
        now_own, now_children = processor()
        kinds = dict(self._kinds)
        used = now_own - own + now_children - children
        in_children = min(now_children - children, used - sum(kinds.values()))
        kinds[PROCESSES] = max(0.0, in_children)
        kinds["the rest"] = used - sum(kinds.values())
        marks = sorted({mark.name for mark in item.iter_markers()})
        self.write(test=item.nodeid, seconds=used, clock=time.monotonic() - clock, kinds=kinds, marks=marks)
        return result


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say where to write."""
    parser.addoption("--measure", type=Path, help="append processor seconds of each test to this file")


def pytest_configure(config: pytest.Config) -> None:
    """Begin to measure."""
    path: Path | None = config.getoption("measure")
    if path is None:
        return
    recorder = Recorder(path.resolve())
    config.pluginmanager.register(recorder)
    for kind, module, name in KINDS:
        _measure(recorder, kind, importlib.import_module(module), name)


def _measure(recorder: Recorder, kind: str, owner: Any, name: str) -> None:
    *path, last = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    original: Callable[..., Any] = getattr(owner, last)

    @wraps(original)
    def measured(*args: Any, **kwargs: Any) -> Any:
        with recorder.kind(kind):
            return original(*args, **kwargs)

    setattr(owner, last, measured)


def totals(lines: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Return seconds by folder, by kind of work and by fixture, most first."""
    found: dict[str, dict[str, float]] = {
        title: defaultdict(float) for title in ("folder", "kind of work", "fixture", "test function")
    }
    for line in lines:
        if "fixture" in line:
            found["fixture"][line["fixture"]] += line["seconds"]
            continue
        name = line["test"]
        found["folder"]["/".join(name.partition("::")[0].split("/")[:2])] += line["seconds"]
        found["test function"][name.partition("[")[0]] += line["seconds"]
        for kind, seconds in line["kinds"].items():
            found["kind of work"][kind] += seconds
    return {title: dict(sorted(parts.items(), key=lambda part: -part[1])) for title, parts in found.items()}


def main() -> int:
    """Print tables from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--most", type=int, default=25, help="rows of a table")
    given = parser.parse_args()
    lines = [json.loads(line) for path in given.files for line in path.read_text(encoding="utf-8").splitlines()]
    for title, parts in totals(lines).items():
        sys.stdout.write(f"\n| {title} | processor seconds |\n|---|---|\n")
        for name, seconds in list(parts.items())[: given.most]:
            sys.stdout.write(f"| {name} | {seconds:.1f} |\n")
        sys.stdout.write(f"| all | {sum(parts.values()):.1f} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
