"""Signatures of everything that docs/reference/stability.md calls public, read from the source.

Usage: python -m tests.architecture.public_api    # at a release: take today's signatures as those to compare with
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RELEASED = Path(__file__).with_name("released_api.txt")
"""Signatures of the last release, one a line."""
CHANGELOG = ROOT / "CHANGELOG.md"
PUBLIC = (
    "leapp_core/errors.py",
    "leapp_core/bundle/load.py",
    "leapp_core/checkpoints/peek.py",
    "leapp_core/checkpoints/pickles.py",
    "leapp_core/checkpoints/records.py",
    "leapp_core/checkpoints/torch_files.py",
    "leapp_core/plugins/commands.py",
    "leapp_core/plugins/consumers.py",
    "leapp_core/plugins/environments.py",
    "leapp_core/plugins/exporters.py",
    "leapp_core/plugins/hookspecs.py",
    "leapp_core/plugins/manager.py",
    "leapp_core/plugins/markers.py",
    "leapp_core/plugins/options.py",
    "leapp_core/plugins/policies.py",
    "leapp_core/plugins/registry.py",
    "leapp_core/plugins/runners.py",
    "leapp_core/plugins/targets.py",
    "leapp_core/plugins/versions.py",
    "leapp_core/runtime/policy.py",
    "leapp_core/runtime/loading.py",
    "leapp_core/spec/document.py",
    "leapp_core/spec/names.py",
    "leapp_core/spec/pipeline.py",
    "leapp_core/spec/port.py",
    "leapp_core/spec/semantics.py",
    "leapp_core/testing/contracts.py",
    "leapp_core/tracing/session.py",
    "leapp_core/tracing/step.py",
)
"""Modules whose public names are promised; see docs/reference/stability.md."""


def signatures(root: Path = ROOT) -> dict[str, str]:
    """Return every public name with its signature, or with its type and default."""
    found: dict[str, str] = {}
    for place in PUBLIC:
        module = place.removesuffix(".py").replace("/", ".")
        tree = ast.parse((root / place).read_text(encoding="utf-8"))
        found.update({f"{module}.{name}": text for name, text in _members(tree.body)})
    return found


def _members(body: list[ast.stmt], inside: str = "") -> Iterator[tuple[str, str]]:
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if not node.name.startswith("_") or node.name == "__init__":
                result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
                abstract = "abstract" * any(ast.unparse(mark) == "abstractmethod" for mark in node.decorator_list)
                yield f"{inside}{node.name}", f"{abstract}({ast.unparse(node.args)}){result}"
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield f"{inside}{node.name}", f"class({', '.join(map(ast.unparse, node.bases))})"
            yield from _members(node.body, f"{inside}{node.name}.")
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            if not node.target.id.startswith("_"):
                value = f" = {ast.unparse(node.value)}" if node.value else ""
                yield f"{inside}{node.target.id}", f": {ast.unparse(node.annotation)}{value}"
        elif isinstance(node, ast.Assign) and inside and not ast.unparse(node.targets[0]).startswith("_"):
            yield f"{inside}{ast.unparse(node.targets[0])}", f" = {ast.unparse(node.value)}"


def _needed(text: str) -> bool:
    """Return whether a new member has to be provided: an abstract method, or an attribute without a default."""
    return text.startswith("abstract") or (text.startswith(":") and " = " not in text)


def released() -> dict[str, str]:
    """Return the signatures of the last release."""
    lines = RELEASED.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines)  # type: ignore[arg-type]


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """Return the names whose signature is another or is gone, and new ones that plugins have to provide."""
    found = {name: f"was {text}, is gone" for name, text in before.items() if name not in after}
    new = {name: text for name, text in after.items() if name not in before and name.rpartition(".")[0] in before}
    found |= {name: f"is new and has no default: {text}" for name, text in new.items() if _needed(text)}
    found |= {name: f"was {before[name]}, is {text}" for name, text in after.items() if before.get(name, text) != text}
    return found


def unreleased(text: str) -> str:
    """Return the part of a changelog on what is not released yet."""
    match = re.search(r"^## Unreleased$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return match.group(1) if match else ""


def unmentioned(found: Mapping[str, str], changelog: str) -> dict[str, str]:
    """Return the changes that a changelog does not name.

    A member counts as named if it or its class is (``PolicyAdapter.recognizes``, ``recognizes`` or ``PolicyAdapter``).
    """
    words = set(re.findall(r"\w+", changelog))
    return {name: what for name, what in found.items() if not words & set(name.split(".")[-2:])}


if __name__ == "__main__":
    RELEASED.write_text("".join(f"{name}\t{text}\n" for name, text in sorted(signatures().items())), encoding="utf-8")
