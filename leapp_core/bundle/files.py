"""Files of a bundle: whether they are inside it, whole, and what was hashed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from leapp_core.spec.check import leaves_folder
from leapp_core.spec.document import BundleDocument
from leapp_core.spec.problems import Path as Place
from leapp_core.spec.problems import Problem

_CHUNK = 1 << 20


def hash_file(path: Path, algorithm: str = "sha256") -> str:
    """Return a file's hash in hex, read in pieces."""
    digest = hashlib.new(algorithm, usedforsecurity=algorithm != "md5")
    with path.open("rb") as stream:
        while piece := stream.read(_CHUNK):
            digest.update(piece)
    return digest.hexdigest()


def contained_file(folder: Path, relative: str) -> tuple[Path | None, str]:
    """Return the regular file at a relative path, or ``None`` and why it is refused.

    Links are followed and the end of the way must lie inside ``folder``. Pipes and devices are refused: reading
    one could block for ever.
    """
    root = Path(os.path.realpath(folder))
    path = Path(os.path.realpath(root / relative))
    if not path.is_relative_to(root) or Path(relative).is_absolute():
        return None, f"{relative!r} leads out of the bundle's folder"
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return None, f"file {relative!r} is missing"
    if not stat.S_ISREG(mode):
        return None, f"{relative!r} is not a regular file"
    return path, ""


def document_files(document: BundleDocument) -> Iterator[tuple[str, str | None, Place]]:
    """Yield path, stated hash and place in the document of every file a document names."""
    for node, artifact in document.artifacts.items():
        yield artifact.path, artifact.sha256, ("models", node, "parameters")
        for file in artifact.data:
            yield file.path, file.sha256, ("models", node, "parameters", "data_files")
    if document.initial_values is not None:
        yield document.initial_values, document.initial_values_sha256, ("pipeline", "initial_values")
    if document.validation is not None:
        yield document.validation.path, document.validation.sha256, ("validation", "samples")


def check_files(folder: Path, document: BundleDocument) -> Iterator[Problem]:
    """Yield files that are missing, outside, or not what was hashed; the document's own check names bad paths."""
    for relative, stated, place in document_files(document):
        if not relative or leaves_folder(relative):
            continue
        path, refusal = contained_file(folder, relative)
        if path is None:
            yield Problem(refusal, place)
            continue
        try:
            found = hash_file(path)
        except OSError as error:
            yield Problem(f"file {relative!r} cannot be read: {error.strerror}", place)
            continue
        if stated and found != stated.lower():
            size = path.stat().st_size
            yield Problem(
                f"file {relative!r} ({size} bytes) has sha256 {found[:12]}…, the document states {stated[:12]}…; "
                "it was changed or damaged after the export",
                place,
            )
