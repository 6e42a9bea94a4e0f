"""What ``leapp doctor`` finds out, as plain values that tables and JSON are made from."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from leapp_core.cli.doctor_packages import Package, asked_for, probed
from leapp_core.cli.listing import availability
from leapp_core.cli.plugins import plugin_facts, plugin_status
from leapp_core.errors import MissingExtraError
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.requirements import DISTRIBUTION, install_line

EXPORT = "export"
OLDEST_PYTHON = (3, 10)
CHECKED = ("", EXPORT)
"""Extras whose packages are looked at whether they are installed or not; empty is what every installation has."""

PLATFORMS = (
    ("Linux x86-64", "tried", "every test runs there"),
    ("Linux aarch64", "untried", "none known"),
    (
        "macOS",
        "untried",
        "a bundle that is written again is exchanged in two steps, so a reader may find none for a moment",
    ),
    (
        "Windows",
        "untried",
        "as on macOS; and folders cannot be locked, so two exports of one bundle at a time may disturb each other",
    ),
)
"""Platform, whether LEAPP was tried there, and obstacles that are known."""

PAIRS = (
    ("torch", ">=2.6,<2.7", "cannot translate an LSTM for onnx-dynamo with --dynamic-batch, which is then refused"),
)
"""Versions in the supported range of which something is known that does not work: package, range, what."""


@dataclass(frozen=True)
class Trouble:
    """Something that is wrong or missing.

    Attributes:
        what: In one sentence.
        fix: One line to type, or what to do.
        blocks: No export can work before it is put right.
    """

    what: str
    fix: str
    blocks: bool = False


def doctor_facts(manager: PluginManager) -> dict[str, Any]:
    """Return everything that ``leapp doctor`` shows."""
    try:
        packages = _looked_at(asked_for())
        ours = version(DISTRIBUTION)
    except PackageNotFoundError:
        packages, ours = (), None
    backends = [_usable(entry.item, packages) for entry in manager.exporters]
    environments = [_usable(entry.item, packages) for entry in manager.environments]
    adapters = [_usable(entry.item, packages) for entry in manager.adapters]
    drawn_with = _graphviz()
    troubles = [*_python(), *_ourselves(ours), *_packages(packages), *_plugins(manager), *_programs(drawn_with)]
    if not any(backend["usable"] for backend in backends) and not any(trouble.blocks for trouble in troubles):
        troubles.insert(0, Trouble("no export backend can be used", install_line(EXPORT, ()), blocks=True))
    by_name = {package.name: package for package in packages}
    return {
        "leapp": ours,
        "python": platform.python_version(),
        "executable": sys.executable,
        "platform": f"{platform.system()} {platform.machine()}",
        "platforms": [{"platform": p, "state": state, "obstacles": known} for p, state, known in PLATFORMS],
        "can_export": not any(trouble.blocks for trouble in troubles),
        "packages": [_package(package) for package in packages],
        "providers": _said(by_name, "onnxruntime", "providers"),
        "gpus": _said(by_name, "torch", "gpus"),
        "graphviz": drawn_with,
        "backends": backends,
        "environments": environments,
        "adapters": adapters,
        "plugins": [
            plugin_facts(info) | {"status": plugin_status(manager, info)}
            for info in manager.plugins
            if info.distribution
        ],
        "troubles": [{"what": t.what, "fix": t.fix, "blocks_export": t.blocks} for t in troubles],
    }


def _looked_at(packages: Iterable[Package]) -> tuple[Package, ...]:
    """Leave out packages of extras that are not there, and import what an export needs.

    A simulator or a trainer is not imported: some start to work when they are.
    """
    listed = list(packages)
    needed = {p.name: p for p in probed(p for p in listed if _needed(p))}
    return tuple(needed.get(p.name, p) for p in listed if _needed(p) or p.version)


def _needed(package: Package) -> bool:
    return not package.extras or EXPORT in package.extras


def _package(package: Package) -> dict[str, Any]:
    return {
        "name": package.name,
        "version": package.version,
        "supported": package.supported or "any",
        "extras": list(package.extras),
        "builds": dict(package.builds),
        "error": package.error,
        "state": _state(package),
    }


def _state(package: Package) -> str:
    if package.version is None:
        return "missing"
    if package.error is not None:
        return "broken"
    return "ok" if package.fits else "unsupported version"


def _usable(item: Any, packages: Iterable[Package]) -> dict[str, Any]:
    """Return whether all that a backend, environment or adapter requires is there and works."""
    facts = availability(item)
    broken = [p.name for p in packages if p.module in item.requires and p.error is not None]
    why = f"needs {', '.join(facts['missing'])}" if facts["missing"] else f"{broken[0]} is broken" if broken else None
    return {"name": item.name, "usable": why is None, "why_not": why, "install": facts["install"]}


def _said(packages: dict[str, Package], name: str, fact: str) -> list[str]:
    return list(packages[name].facts.get(fact, ())) if name in packages else []


def _python() -> Iterator[Trouble]:
    if sys.version_info[:2] < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        yield Trouble(
            f"Python {platform.python_version()} is older than {oldest}",
            f"make a virtual environment with Python {oldest} or newer",
            blocks=True,
        )


def _ourselves(ours: str | None) -> Iterator[Trouble]:
    if ours is None:
        yield Trouble(
            f"{DISTRIBUTION} is not installed in this Python, so none of its backends is found",
            "pip install -e .  (in the checkout)",
            blocks=True,
        )


def _packages(packages: Iterable[Package]) -> Iterator[Trouble]:
    listed = tuple(packages)
    missing = [p for p in listed if p.version is None]
    for extra in CHECKED:
        names = [p.name for p in missing if (extra in p.extras if extra else not p.extras)]
        if names:
            blocks = bool(set(names) - {"pydot", "graphviz-pure", "jinja2"})
            line = install_line(extra or None, names)
            yield Trouble(f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} not installed", line, blocks)
    for package in listed:
        yield from _one(package)


def _one(package: Package) -> Iterator[Trouble]:
    at = f"{package.name} {package.version}"
    wanted = f'pip install --force-reinstall "{package.name}{package.supported}"'
    matters = _needed(package)
    if package.error is not None:
        yield Trouble(f"{at} is installed and cannot be imported: {package.error}", wanted, blocks=matters)
    elif package.version is not None and not package.fits:
        line = f'pip install "{package.name}{package.supported}"'
        yield Trouble(f"{at} is outside the supported range {package.supported}", line, blocks=matters)
    if len(package.builds) > 1:
        both = " and ".join(package.builds)
        line = f"pip uninstall -y {' '.join(package.builds)} && pip install {list(package.builds)[-1]}"
        yield Trouble(f"{both} are both installed and overwrite each other's files", line)
    for name, versions, known in PAIRS:
        if name == package.name and package.works and _inside(package, versions):
            yield Trouble(f"{at} {known}", f'pip install --upgrade "{name}"')


def _inside(package: Package, versions: str) -> bool:
    return Package(package.name, versions, builds=package.builds).fits


def _plugins(manager: PluginManager) -> Iterator[Trouble]:
    for info in manager.plugins:
        if info.error:
            kind = "incompatible" if info.incompatible else "broken"
            name = info.distribution or info.target
            yield Trouble(
                f"plugin {info.name!r} of {name} is {kind}: {info.error}",
                f"see to {name}, or leave it out with LEAPP_DISABLE_PLUGINS={info.name}",
            )


def _graphviz() -> str | None:
    from leapp_core.visualize.render import find_graphviz

    try:
        return find_graphviz()
    except MissingExtraError:
        return None


def _programs(drawn_with: str | None) -> Iterator[Trouble]:
    if drawn_with is None:
        yield Trouble("pictures cannot be drawn: there is neither dot nor graphviz-pure", "pip install graphviz-pure")
