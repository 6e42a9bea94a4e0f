"""Which packages this distribution asks for, which are there, and whether they work: nothing is imported here."""

from __future__ import annotations

import json
import operator
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

from leapp_core.cli.doctor_probe import BEGUN
from leapp_core.plugins.requirements import DISTRIBUTION, missing_packages

NOT_ASKED = ("dev", "docs")
"""Extras for those who work on LEAPP."""

BUILDS = {"onnxruntime": ("onnxruntime", "onnxruntime-gpu", "onnxruntime-openvino")}
"""Distributions that hold a package, where there is more than one."""

MODULES = {"ruamel-yaml": "ruamel.yaml", "pillow": "PIL", "rsl-rl-lib": "rsl_rl"}
"""What to import where the name of the package does not say it."""

PROGRAMS = ("graphviz-pure",)
"""Distributions that bring a program and no module."""

_FORM = re.compile(r"\s*([\w.-]+)\s*(?:\[[^]]*\])?\s*\(?([^;()]*)\)?\s*(?:;(.*))?")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([\w.-]+)['\"]")
_CLAUSE = re.compile(r"(>=|<=|==|!=|<|>)\s*([\w.+]+)")
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge, "<=": operator.le, "==": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt
}  # fmt: skip
_PATIENCE_S = 180
_CODE = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from leapp_core.cli import doctor_probe; doctor_probe.main(sys.argv[2:])"
)


@dataclass(frozen=True)
class Package:
    """A package that is asked for.

    Attributes:
        name: As pip has it.
        supported: Range of versions that is asked for, such as ``>=2.6``; empty for any.
        extras: Extras of this distribution that ask for it; empty if every installation does.
        builds: Installed distributions that hold it, with their versions.
        error: Why it cannot be imported though it is installed, or ``None``.
        facts: What it says of itself.
    """

    name: str
    supported: str
    extras: tuple[str, ...] = ()
    builds: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def module(self) -> str:
        """Name to import it by."""
        return MODULES.get(self.name, self.name.replace("-", "_"))

    @property
    def version(self) -> str | None:
        """Installed version, or ``None``."""
        return next(iter(self.builds.values()), None)

    @property
    def fits(self) -> bool:
        """Whether the installed version is in the supported range; what is not installed does not."""
        return self.version is not None and within(self.version, self.supported)

    @property
    def works(self) -> bool:
        """Whether it is installed and can be imported."""
        return self.version is not None and self.error is None


def asked_for() -> tuple[Package, ...]:
    """Return what this distribution's metadata asks for, with what is installed of it.

    Raises:
        PackageNotFoundError: this distribution itself is not installed.
    """
    found: dict[str, Package] = {}
    for text in requires(DISTRIBUTION) or ():
        form = _FORM.fullmatch(text)
        extra = _EXTRA.search(form[3] or "") if form else None
        if form is None or form[1] == DISTRIBUTION or (extra and extra[1] in NOT_ASKED):
            continue
        name = form[1].replace(".", "-").lower()
        extras = (found[name].extras if name in found else ()) + ((extra[1],) if extra else ())
        found[name] = Package(name, form[2].strip(), extras, installed(name))
    return tuple(found.values())


def installed(name: str) -> dict[str, str]:
    """Return the distributions that hold a package, and their versions, without importing anything."""
    found = {}
    for distribution in BUILDS.get(name, (name,)):
        try:
            found[distribution] = version(distribution)
        except PackageNotFoundError:
            continue
    return found


def within(found: str, supported: str) -> bool:
    """Return whether a version fulfils clauses such as ``>=5.0,<6``; labels like ``+cpu`` and ``rc1`` count nothing."""
    for sign, bound in _CLAUSE.findall(supported):
        one, other = _numbers(found), _numbers(bound)
        width = max(len(one), len(other))
        if not _COMPARE[sign](_filled(one, width), _filled(other, width)):
            return False
    return True


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", re.split(r"[a-z+]", text, maxsplit=1)[0]))


def _filled(numbers: tuple[int, ...], width: int) -> tuple[int, ...]:
    return numbers + (0,) * (width - len(numbers))


def probed(packages: Iterable[Package]) -> tuple[Package, ...]:
    """Import packages in another process and return them with what came of it.

    What is named in the metadata but cannot be found is broken too: its files were deleted or overwritten.
    """
    listed = tuple(packages)
    present = [p.module for p in listed if p.version and p.name not in PROGRAMS]
    gone = {name: "its files are gone, only pip's record of it is left" for name in missing_packages(present)}
    said = _run([name for name in present if name not in gone])
    results: dict[str, tuple[str | None, dict[str, Any]]] = {name: (error, {}) for name, error in gone.items()} | said
    made = []
    for package in listed:
        error, facts = results.get(package.module, (None, {}))
        made.append(Package(package.name, package.supported, package.extras, package.builds, error, facts))
    return tuple(made)


def _run(modules: list[str]) -> dict[str, tuple[str | None, dict[str, Any]]]:
    """Import modules in processes of their own; the next one goes on after a module that ended the last."""
    results: dict[str, tuple[str | None, dict[str, Any]]] = {}
    left = modules
    while left:
        lines, ended = _process(left)
        for word, name, *what in lines:
            results[name] = ("", {}) if word == BEGUN else (what[0], what[1])
        for name in left:
            if name not in results or results[name][0] == "":
                results[name] = (f"importing it ended the process ({ended})", {})
                break
        left = [name for name in left if name not in results]
    return results


def _process(modules: list[str]) -> tuple[list[list[Any]], str]:
    # The same places as here, also where this process was given them by other means than its environment.
    line = [sys.executable, "-c", _CODE, json.dumps(sys.path), *modules]
    try:
        done = subprocess.run(
            line, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=_PATIENCE_S
        )
    except subprocess.TimeoutExpired as late:
        text = late.stdout.decode() if isinstance(late.stdout, bytes) else late.stdout or ""
        return _lines(text), f"stopped after {_PATIENCE_S} s"
    return _lines(done.stdout), f"signal {-done.returncode}" if done.returncode < 0 else f"code {done.returncode}"


def _lines(text: str) -> list[list[Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("[") and line.endswith("]")]
