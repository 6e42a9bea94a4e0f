"""Which files of a bundle's folder are the bundle's, so that nothing else is ever deleted."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from leapp_core.errors import BundleError, ExportError
from leapp_core.spec.yaml_nodes import Node, parse_yaml

UNFINISHED = ".leapp-unfinished"
"""Marks a staging folder whose bundle is not complete; everything in it may be deleted."""

LOG = "log.txt"
REPORT = "report.json"
PAGE = "report.html"
_MARK = re.compile(rb"^models:", re.MULTILINE)


def reserved_names(graph: str) -> frozenset[str]:
    """Return the names a bundle uses besides its artifacts."""
    return frozenset(
        {f"{graph}.yaml", f"{graph}_initial_values.safetensors", f"{graph}_validation.safetensors"}
        | {f"{graph}.png", f"{graph}.svg", LOG, REPORT, PAGE}
    )


def bundle_files(folder: Path, graph: str) -> frozenset[str]:
    """Return the names in a folder that belong to the bundle there; none if it holds no bundle of that name.

    A damaged document still marks a bundle, but no artifact then counts as the bundle's.
    """
    yaml = folder / f"{graph}.yaml"
    if not yaml.is_file():
        return frozenset()
    text = yaml.read_bytes()
    if not _MARK.search(text):
        return frozenset()
    try:
        models = parse_yaml(text, yaml.name).at(("models",)).value
    except BundleError:
        models = None
    named = {name for model in models.values() for name in _artifacts(model)} if isinstance(models, dict) else set()
    return (reserved_names(graph) | named) & _names(folder)


def foreign_files(folder: Path, graph: str) -> frozenset[str]:
    """Return the names in a folder that are not the bundle's."""
    return _names(folder) - bundle_files(folder, graph)


def check_clash(folder: Path, graph: str, writes: frozenset[str]) -> None:
    """Refuse to write over files that are not a bundle's.

    Raises:
        ExportError: naming them.
    """
    if not folder.is_dir():
        return
    owned = bundle_files(folder, graph)
    # Where there is a bundle, a file by the name of an artifact is an artifact, even if the document lost it.
    clash = [] if owned else sorted(_names(folder) & writes)
    if clash:
        raise ExportError(
            f"{folder} holds {', '.join(clash)}, which the bundle would overwrite but which no bundle there owns",
            where=str(folder),
            fix="move the file away, or choose another save path or graph name",
            code="X006",
        )


def carry(source: Path, destination: Path, names: frozenset[str]) -> None:
    """Let files also appear in another folder of the same file system: linked where possible, copied otherwise."""
    for name in sorted(names):
        origin, copy = source / name, destination / name
        if origin.is_dir() and not origin.is_symlink():
            shutil.copytree(origin, copy, symlinks=True, copy_function=_link)
        else:
            _link(str(origin), str(copy))


def discard(folder: Path, target: Path, graph: str) -> None:
    """Delete a replaced folder; what is not the bundle's is there in ``target`` too, or is moved there."""
    for name in foreign_files(folder, graph):
        if not os.path.lexists(target / name):
            (folder / name).rename(target / name)
    remove(folder, graph)


def remove(folder: Path, graph: str) -> None:
    """Delete a folder of which nothing is needed.

    What says whose its files are goes last: a process killed in between must not leave artifacts without their
    document, which the next export would take for the user's files.
    """
    telling = (f"{graph}.yaml", UNFINISHED)
    for entry in tuple(folder.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name not in telling:
            entry.unlink()
    for name in telling:
        (folder / name).unlink(missing_ok=True)
    folder.rmdir()


def _names(folder: Path) -> frozenset[str]:
    return frozenset(entry.name for entry in folder.iterdir())


def _artifacts(model: Node) -> set[str]:
    """Return what of the folder a node's files take up."""
    parameters = model.at(("parameters",)).value
    data = parameters.get("data_files") if isinstance(parameters, dict) else None
    further = data.value if data is not None and isinstance(data.value, dict) else ()
    return {path.split("/")[0] for path in (model.at(("parameters", "model_path")).text or "", *further)}


def _link(source: str, destination: str) -> None:
    try:
        os.link(source, destination, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, destination, follow_symlinks=False)
