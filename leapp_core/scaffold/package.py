"""A plugin's package from templates: what it is called, where it goes, and writing it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from string import Template

from leapp_core.errors import UsageError
from leapp_core.plugins.requirements import DISTRIBUTION
from leapp_core.plugins.versions import API_VERSION
from leapp_core.suggest import suggest

KINDS = ("backend", "adapter", "environment", "consumer")
PREFIX = "leapp-"
TEMPLATES = Path(__file__).with_name("templates")
SUFFIX = ".in"
"""Of templates: they are no Python before names are filled in."""
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PLACES = {"ci.yml": ".github/workflows/tests.yml", "gitignore": ".gitignore"}
"""Where files go that would mean something to tools where the templates are."""


@dataclass(frozen=True)
class NewPackage:
    """A package to be written.

    Attributes:
        name: What users will type: of the backend, adapter, environment or consumer.
        kind: One of :data:`KINDS`.
        folder: Where it goes.
    """

    name: str
    kind: str
    folder: Path

    @property
    def distribution(self) -> str:
        """What pip calls it."""
        return f"{PREFIX}{self.name}"

    @property
    def package(self) -> str:
        """What Python imports."""
        return self.distribution.replace("-", "_")

    @property
    def plugin(self) -> str:
        """Name of the entry point, which users block it by."""
        return self.name.replace("-", "_")

    @property
    def words(self) -> Mapping[str, str]:
        """What stands for the placeholders of templates."""
        camel = "".join(part.capitalize() for part in self.name.split("-"))
        return {
            "name": self.name,
            "kind": self.kind,
            "distribution": self.distribution,
            "package": self.package,
            "plugin": self.plugin,
            "class_name": camel,
            "task": f"{camel}-Reach",
            "magic": self.name.upper(),
            "suffix": self.name.replace("-", ""),
            "api": API_VERSION,
            "extra": "" if self.kind == "consumer" else "[export]",  # bundles are checked on robots, without PyTorch
            "release": ".".join(version(DISTRIBUTION).split(".")[:2]),
        }


def plan_package(name: str, kind: str, parent: Path | None = None) -> NewPackage:
    """Check what was asked for.

    Args:
        name: Name of the plugin; a leading ``leapp-`` may be given or left out.
        kind: One of :data:`KINDS`.
        parent: Folder in which the package's folder goes; by default the current one.

    Raises:
        UsageError: there is no such kind, the name is none that packages and commands can have, or the place is taken.
    """
    if kind not in KINDS:
        raise UsageError(f"there is no kind {kind!r} of plugin", expected=suggest(kind, KINDS), code="U001")
    bare = name.removeprefix(PREFIX)
    if not _NAME.fullmatch(bare):
        fixed = "-".join(re.findall(r"[a-z0-9]+", name.lower())).lstrip("0123456789-")
        raise UsageError(
            f"a plugin cannot be called {name!r}",
            expected="small letters, digits and single hyphens, beginning with a letter",
            fix=f"call it {fixed}" if fixed else None,
            code="D002",
        )
    made = NewPackage(bare, kind, (parent or Path.cwd()) / f"{PREFIX}{bare}")
    if made.folder.exists():
        raise UsageError(
            f"{made.folder} is there already",
            expected="a name that is free",
            fix="take another name, or --path DIR",
            code="U006",
        )
    return made


def write_package(made: NewPackage) -> tuple[Path, ...]:
    """Write a package and return its files.

    Raises:
        UsageError: its folder cannot be written.
    """
    written = []
    for root in (TEMPLATES / "common", TEMPLATES / made.kind):
        for template in root.rglob(f"*{SUFFIX}"):
            place = template.relative_to(root).as_posix().removesuffix(SUFFIX)
            path = made.folder / _PLACES.get(place, place).replace("package/", f"{made.package}/", 1)
            text = Template(template.read_text(encoding="utf-8")).substitute(made.words)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            except OSError as error:
                raise UsageError(
                    f"{path} cannot be written: {error.strerror}",
                    expected="a folder that can be written to",
                    code="U006",
                ) from error
            written.append(path)
    return tuple(sorted(written))
