"""Look at a file without loading it: what kind it is, and which names stand in it.

This is how adapters tell whose checkpoint a file is. A pickle is read as a list of operations, which runs nothing.
"""

from __future__ import annotations

import io
import pickletools
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

_ENOUGH = 16 << 20
"""Bytes of a pickle to look at; a state dict's names stand there, its tensors elsewhere."""
_PICKLES = 5
"""In the format before PyTorch 1.6, a file is a row of pickles; the content is the fourth."""


@dataclass(frozen=True)
class FileFacts:
    """What is known of a file.

    Attributes:
        kind: ``torch`` (written by ``torch.save``), ``torchscript``, ``zip`` (another archive), ``pickle`` or
            ``other``.
        members: Names of files in it, of archives.
        names: Text in its pickle: keys of dictionaries, names of classes.
    """

    kind: Literal["torch", "torchscript", "zip", "pickle", "other"]
    members: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()


def peek(path: Path) -> FileFacts:
    """Return what is known of a file; of one that is damaged or missing, little."""
    try:
        if zipfile.is_zipfile(path):
            return _archive(path)
        with path.open("rb") as stream:
            return _pickles(io.BytesIO(stream.read(_ENOUGH)))
    except (OSError, zipfile.BadZipFile, ValueError):
        return FileFacts("other")


def _archive(path: Path) -> FileFacts:
    with zipfile.ZipFile(path) as archive:
        members = tuple(archive.namelist())
        if any(name.endswith("/constants.pkl") for name in members):
            return FileFacts("torchscript", members)
        pickled = next((name for name in members if name.endswith("/data.pkl")), None)
        if pickled is None:
            return FileFacts("zip", members)
        with archive.open(pickled) as stream:
            return FileFacts("torch", members, _names(io.BytesIO(stream.read(_ENOUGH)))[0])


def _pickles(stream: IO[bytes]) -> FileFacts:
    names: set[str] = set()
    whole = 0
    for _ in range(_PICKLES):
        found, complete = _names(stream)
        names |= found
        whole += complete
        if not complete:
            break
    if not names and not whole:
        return FileFacts("other")
    return FileFacts("torch" if "storage" in names or "little_endian" in names else "pickle", (), frozenset(names))


def _names(stream: IO[bytes]) -> tuple[frozenset[str], bool]:
    """Return the text of one pickle, and whether it ends as it should."""
    names: set[str] = set()
    try:
        for _, argument, _ in pickletools.genops(stream):
            if isinstance(argument, str):
                names.add(argument)
    except Exception:  # noqa: BLE001 - whatever is wrong with the rest of it, what was read stands
        return frozenset(names), False
    return frozenset(names), True
