"""What docs/reference/stability.md calls public, read from the source: signatures, constants, options, keys.

Usage:
    python -m tests.architecture.public_api              # the lines that the changelog lacks or has too many
    python -m tests.architecture.public_api --add        # promise what is new, too
    python -m tests.architecture.public_api --release    # at a release: take today's as those to compare with
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RELEASED = Path(__file__).with_name("released_api.txt")
"""Signatures of the last release, and of what came since, one a line."""
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
    "leapp_core/spec/dtypes.py",
    "leapp_core/spec/names.py",
    "leapp_core/spec/pipeline.py",
    "leapp_core/spec/port.py",
    "leapp_core/spec/semantics.py",
    "leapp_core/suggest.py",
    "leapp_core/testing/contracts.py",
    "leapp_core/tracing/session.py",
    "leapp_core/tracing/step.py",
)
"""Modules whose public names are promised; see docs/reference/stability.md."""
FIRST_LEVEL = (
    "leapp_core/__init__.py",
    "leapp_core/bundle/__init__.py",
    "leapp_core/checkpoints/__init__.py",
    "leapp_core/runtime/__init__.py",
)
"""Packages that give names of their modules."""
COMMANDS = "docs/reference/cli.md"
SCHEMA = "docs/reference/bundle.schema.json"
JSON = "docs/reference/json.md"
SECTION = "### Public names"
"""Part of the changelog that names each change: ``- `name` is now `signature` `` or ``- `name` is gone``."""
_NEEDED = "to be provided"
_ENTRY = re.compile(r"^- `([^`]+)` (?:is now `` (.+) ``|is (gone))$", re.MULTILINE)
_OPTION = re.compile(r"^  (-\S.*?)(?:  |$)", re.MULTILINE)


def signatures(root: Path = ROOT) -> dict[str, str]:
    """Return everything public with its signature, or with its type and default; absent places give none."""
    found: dict[str, str] = {}
    for place in filter(lambda place: (root / place).is_file(), (*FIRST_LEVEL, *PUBLIC)):
        module = place.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        body = ast.parse((root / place).read_text(encoding="utf-8")).body
        found |= {f"{module}.{name}": f"from {home}" for name, home in _given_on(body)}
        if place in PUBLIC:
            found |= {f"{module}.{name}": text for name, text in _members(body)}
    found |= {**dict(_options(root / COMMANDS)), **dict(_keys(root / SCHEMA)), **json_keys(root / JSON)}
    return {name: " ".join(text.split()) for name, text in found.items()}


def _given_on(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Yield names of other modules that ``__all__`` promises, with those modules."""
    listed = [node.value for node in body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"]
    promised = {name for value in listed for name in ast.literal_eval(value)}
    for node in body:
        inner = node.body if isinstance(node, ast.If) else [node]
        for found in inner:
            if isinstance(found, ast.ImportFrom):
                yield from ((alias.name, str(found.module)) for alias in found.names if alias.name in promised)


def _members(body: list[ast.stmt], inside: str = "", fields: bool = False) -> Iterator[tuple[str, str]]:
    """Yield what a module or class holds; fields of dataclasses with their place, by which they may be given."""
    place = 0
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if not node.name.startswith("_") or node.name == "__init__":
                result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
                awaited = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
                yield f"{inside}{node.name}", f"{_marks(node)}{awaited}({ast.unparse(node.args)}){result}"
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield f"{inside}{node.name}", f"{_marks(node)}class({', '.join(map(ast.unparse, node.bases))})"
            yield from _members(node.body, f"{inside}{node.name}.", "dataclass" in _marks(node))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            counted = fields and "ClassVar" not in ast.unparse(node.annotation)
            place += counted
            if not node.target.id.startswith("_"):
                value = f" = {ast.unparse(node.value)}" if node.value else ""
                yield f"{inside}{node.target.id}", f"{place if counted else ''}: {ast.unparse(node.annotation)}{value}"
        elif isinstance(node, ast.Assign) and not ast.unparse(node.targets[0]).startswith("_"):
            yield f"{inside}{ast.unparse(node.targets[0])}", f"= {ast.unparse(node.value)}"


def _marks(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    return "".join(f"@{ast.unparse(mark)} " for mark in node.decorator_list)


def _options(page: Path) -> Iterator[tuple[str, str]]:
    """Yield commands with their arguments, and options with what they take, from the page that is made of them."""
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    for title, rest in re.findall(r"^## (leapp[^\n]*)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL):
        usage = re.search(r"^Usage: (.*)$", rest, re.MULTILINE)
        taken = re.findall(r"[{\[][A-Z]+", usage[1].replace("[OPTIONS]", "") if usage else "")
        yield title, f"arguments: {' '.join(taken) or 'none'}"
        for head in _OPTION.findall(rest):
            kind = "a value" if re.search(r" (<.+>|[A-Z][A-Z_=]+)$", head) else "a switch"
            yield from ((f"{title} {name}", kind) for name in re.findall(r"--[\w-]+", head))


def json_keys(page: Path) -> dict[str, str]:
    """Return what the page on JSON says of each key that a command prints: ``leapp bench --json notes``."""
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    parts = re.findall(r"^## (leapp[^\n]*)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    rows = ((title, row) for title, rest in parts for row in re.findall(r"^\| `(.+)` \| (.+) \|$", rest, re.MULTILINE))
    return {f"{title} --json {key}": kind for title, (key, kind) in rows}


def _keys(schema: Path) -> Iterator[tuple[str, str]]:
    """Yield keys of the YAML file with what they hold."""
    if schema.is_file():
        yield from _keys_of(json.loads(schema.read_text(encoding="utf-8")), "yaml")


def _keys_of(part: Mapping[str, Any], name: str) -> Iterator[tuple[str, str]]:
    needed = part.get("required", [])
    for key, inner in part.get("properties", {}).items():
        kind = inner.get("enum") or inner.get("const") or inner.get("type") or "any"
        yield f"{name}/{key}", f"{f'{_NEEDED}: ' if key in needed else ''}{json.dumps(kind)}"
        yield from _keys_of(inner, f"{name}/{key}")
    for key in ("items", "additionalProperties"):
        if isinstance(part.get(key), dict):
            yield from _keys_of(part[key], f"{name}/*")


def _needed(text: str) -> bool:
    """Return whether a new member has to be provided: an abstract method, an attribute without default, a YAML key."""
    return "@abstractmethod" in text or _NEEDED in text or bool(re.match(r"\d*: (?!.* = )", text))


def released() -> dict[str, str]:
    """Return the signatures of the last release, and of what came since."""
    lines = RELEASED.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines)  # type: ignore[arg-type]


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str | None]:
    """Return what is another now with its signature, ``None`` if gone; and new members that have to be provided."""
    found: dict[str, str | None] = {name: None for name in before if name not in after}
    found |= {name: text for name, text in after.items() if before.get(name, text) != text}
    new = {name: text for name, text in after.items() if name not in before and _needed(text)}
    return found | {name: text for name, text in new.items() if re.split(r"[./](?=[^./]*$)", name)[0] in before}


def unpromised(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """Return what is new and asks nothing of anybody: it joins the list, so that it does not change unnoticed."""
    found = changes(before, after)
    return {name: text for name, text in after.items() if name not in before and name not in found}


def entry(name: str, text: str | None) -> str:
    """Return the line that the changelog has to have for a change."""
    return f"- `{name}` is gone" if text is None else f"- `{name}` is now `` {text} ``"


def unreleased(text: str) -> str:
    """Return the part of a changelog on what is not released yet."""
    match = re.search(r"^## Unreleased$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return match.group(1) if match else ""


def entries(changelog: str) -> list[str]:
    """Return the lines on public names, of what is not released yet."""
    match = re.search(rf"^{SECTION}$(.*?)(?=^### |\Z)", unreleased(changelog), re.MULTILINE | re.DOTALL)
    return [found[0] for found in _ENTRY.finditer(match.group(1))] if match else []


def unmentioned(found: Mapping[str, str | None], changelog: str) -> list[str]:
    """Return the lines that a changelog lacks: one for each change, with the whole name and what it is now."""
    there = set(entries(changelog))
    return [line for name, text in sorted(found.items()) if (line := entry(name, text)) not in there]


def outdated(found: Mapping[str, str | None], changelog: str) -> list[str]:
    """Return the lines of a changelog that name no change."""
    wanted = {entry(name, text) for name, text in found.items()}
    return [line for line in entries(changelog) if line not in wanted]


def main(arguments: list[str]) -> None:
    """Run from the command line."""
    now = signatures()
    if arguments:
        kept = {"--release": now, "--add": {**released(), **unpromised(released(), now)}}[arguments[0]]
        RELEASED.write_text("".join(f"{name}\t{text}\n" for name, text in sorted(kept.items())), encoding="utf-8")
        return
    found, changelog = changes(released(), now), CHANGELOG.read_text(encoding="utf-8")
    for sign, lines in (("+", unmentioned(found, changelog)), ("-", outdated(found, changelog))):
        sys.stdout.writelines(f"{sign} {line}\n" for line in lines)


if __name__ == "__main__":
    main(sys.argv[1:])
