"""Options that several commands share, and how their values are read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from leapp_core.errors import UsageError
from leapp_core.plugins.manager import PluginManager
from leapp_core.suggest import suggest

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead of tables.")]
BundleArgument = Annotated[
    Path, typer.Argument(metavar="BUNDLE", help="Folder of a bundle, or its YAML file.", show_default=False)
]
ProviderOption = Annotated[
    str, typer.Option("--provider", help="Execution provider, never replaced silently: cpu, cuda, tensorrt, openvino.")
]
ImportOption = Annotated[
    list[str] | None,
    typer.Option("--import", metavar="MODULE", help="Module of your project that registers its tasks when imported."),
]
FiniteFlag = Annotated[
    bool, typer.Option("--check-finite", "--check_finite", help="Refuse NaN and infinities in inputs.")
]
TrustFlag = Annotated[
    bool, typer.Option("--trust", help="Load artifacts that can hold code (TorchScript, pt2) though made elsewhere.")
]


def examples(*lines: str) -> str:
    """Return command lines for the end of a command's help, kept as they are (that is what the first line says)."""
    return "\n  ".join(("\b\nExamples:" if len(lines) > 1 else "\b\nExample:", *lines))


def plugins_of(context: typer.Context) -> PluginManager:
    """Return the plugin manager that :func:`leapp_core.cli.main.main` put into the context."""
    manager = context.find_root().obj
    if not isinstance(manager, PluginManager):  # the application was called without main(), from a plugin's test
        manager = context.find_root().obj = PluginManager()
    return manager


def existing_file(option: str, path: Path | None) -> None:
    """Make sure that a file to be read is there, if one was named.

    Raises:
        UsageError: there is none, or it is a folder; the nearest name is suggested.
    """
    if path is None or path.is_file():
        return
    if path.is_dir():
        bundle = (path / f"{path.absolute().name}.yaml").is_file()
        raise UsageError(f"{option}: {path} is a {'bundle' if bundle else 'folder'}", expected="a file", code="U005")
    beside = sorted(e.name for e in path.parent.iterdir() if e.suffix == path.suffix) if path.parent.is_dir() else []
    raise UsageError(
        f"{option}: there is no file {path}",
        expected=suggest(path.name, beside[:20]) if beside else "an existing file",
        code="U005",
    )


def key_values(pairs: Iterable[str], option: str) -> dict[str, str]:
    """Read ``key=value`` arguments.

    Raises:
        UsageError: one of them has no ``=`` or no key, or a key is given twice.
    """
    values: dict[str, str] = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        key = key.strip()
        if not separator or not key:
            raise UsageError(
                f"{option} got {pair!r}", expected="key=value", fix=f"write it as {option} {pair}=VALUE", code="U003"
            )
        if key in values:
            raise UsageError(f"{option} {key} is given twice", expected="each key once", code="U004")
        values[key] = value.strip()
    return values
