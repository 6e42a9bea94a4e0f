"""State of a running policy in a safetensors file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from leapp_core.bundle.tensors import read_tensors, tensors_to_bytes
from leapp_core.errors import BundleError
from leapp_core.runtime.arrays import Array

_REFUSALS = (OSError, ValueError)
"""What a file system raises, the second for a path that none takes."""


def write_state(path: Path, values: Mapping[str, Array]) -> None:
    """Write values by ``node/port``; an interrupted write leaves the previous file.

    Raises:
        BundleError: the file cannot be written.
    """
    content = tensors_to_bytes(values)
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = Path(file.name)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except _REFUSALS as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise BundleError(f"cannot write the state: {error}", where=str(path), code="U006") from error


def read_state(path: Path) -> dict[str, Array]:
    """Read values by ``node/port``.

    Raises:
        BundleError: the file is missing or damaged.
    """
    try:
        return read_tensors(path)
    except (*_REFUSALS, BundleError) as error:
        raise BundleError(f"cannot read the state: {error}", where=str(path), code="R012") from error
