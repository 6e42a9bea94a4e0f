"""The version of what plugins build on, and what a plugin says it was built for.

One version covers every hook and every contract class. A new major version breaks plugins; a new minor version adds
hooks, attributes with defaults and methods with defaults.
"""

from __future__ import annotations

import ast
import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path

API_VERSION = "1.0"
"""Version of hooks and contracts of this release."""

DECLARATION = "LEAPP_PLUGIN_API"
"""Name in a plugin's module that says which version it was built for: ``LEAPP_PLUGIN_API = "1.0"``.

Where the entry point names an object of the module (``package.plugin:mine``), the object may have it as an attribute,
which goes before the module's.
"""

_FORM = re.compile(r"(\d+)\.(\d+)")


@dataclass(frozen=True)
class Fit:
    """Whether a plugin fits this version.

    Attributes:
        built_for: The version it says, or ``None`` if it says nothing.
        incompatible: Why it cannot be used, or ``None``.
        note: What to know though it can be used, or ``None``.
    """

    built_for: str | None = None
    incompatible: str | None = None
    note: str | None = None


def fit(built_for: object) -> Fit:
    """Compare what a plugin says with this version. One that says nothing is taken as built for this major version."""
    if built_for is None:
        return Fit()
    form = _FORM.fullmatch(str(built_for))
    if form is None or not isinstance(built_for, str):
        return Fit(
            str(built_for), f"{DECLARATION} is {built_for!r}, which is not a version; expected text such as '1.0'"
        )
    major, minor = int(form[1]), int(form[2])
    ours, newest = (int(part) for part in API_VERSION.split("."))
    if major != ours:
        way = f"a release of the plugin for version {ours}" if major > ours else "a newer release of the plugin"
        return Fit(
            built_for,
            f"built for version {built_for} of the plugin API, this is version {API_VERSION}; install {way}",
        )
    if minor > newest:
        return Fit(built_for, note=f"built for version {built_for} of the plugin API, this is {API_VERSION}")
    return Fit(built_for)


def stated_in_source(module: str) -> str | None:
    """Return the version that the source of a module states, without running it: it may fail on what is not there.

    Args:
        module: Dotted name, or an entry point's ``module:attribute``.
    """
    try:
        spec = importlib.util.find_spec(module.partition(":")[0])
        tree = ast.parse(Path(str(spec.origin)).read_text(encoding="utf-8")) if spec is not None else None
    except Exception:  # noqa: BLE001 - the parent package may raise anything; then nothing is known
        return None
    for node in tree.body if tree is not None else ():
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        stated = getattr(node, "value", None)
        if isinstance(stated, ast.Constant) and DECLARATION in [getattr(target, "id", None) for target in targets]:
            return str(stated.value)
    return None
