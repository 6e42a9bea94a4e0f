"""Read a file of ``torch.save`` as data."""

from __future__ import annotations

import io
import pickle
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from leapp_core.checkpoints.pickles import refused
from leapp_core.checkpoints.plain_values import PLAIN, UnsafeValueError, settled
from leapp_core.checkpoints.records import allowed_names
from leapp_core.errors import CheckpointError

_FORBIDDEN = re.compile(r"(?:GLOBAL|global|class|function) ['\"`]?((?:[A-Za-z_]\w*\.)*\w+)")
_TORCH_KNOWS = ("collections.OrderedDict", "builtins.set")


def read_torch_file(
    path: Path,
    classes: Collection[str] = (),
    *,
    device: str = "cpu",
    what: str = "checkpoint",
    content: bytes | None = None,
) -> Any:
    """Return what a file of ``torch.save`` holds, without running anything it names.

    Tensors, plain values, NumPy arrays and numbers come as they are; objects of the named classes come as
    :class:`~leapp_core.checkpoints.records.PickledObject`.

    Args:
        path: The file, of any format that ``torch.save`` has had.
        classes: Qualified names of classes and functions it may use besides.
        device: Where its tensors go.
        what: What the file is, for messages.
        content: What was read already, of a file within another one; ``path`` is for messages then.

    Raises:
        CheckpointError: it is not there, is damaged, or uses another name, which the message tells.
    """
    import torch

    if content is None and not path.is_file():
        raise CheckpointError(
            f"there is no {what} file", where=str(path), expected="a file written by torch.save", code="K001"
        )
    names = {name: value for name, value in allowed_names(classes, PLAIN).items() if name not in _TORCH_KNOWS}
    try:
        with torch.serialization.safe_globals([(value, name) for name, value in names.items()]):
            source = path if content is None else io.BytesIO(content)
            return settled(torch.load(source, map_location=device, weights_only=True))
    except UnsafeValueError as error:
        raise refused(str(error), str(path), what) from error
    except pickle.UnpicklingError as error:
        raise _refused(path, what, error) from error
    except Exception as error:
        raise _damaged(path, what, error) from error


def _refused(path: Path, what: str, error: pickle.UnpicklingError) -> CheckpointError:
    if isinstance(error.__context__, UnsafeValueError):  # torch raises its own in the place of what a value raised
        return refused(str(error.__context__), str(path), what)
    text = str(error)
    if "nsupported" not in text or "operand" in text:
        return _damaged(path, what, error)
    named = _FORBIDDEN.search(text)
    return refused(named.group(1) if named else "something else", str(path), what)


def _damaged(path: Path, what: str, error: Exception) -> CheckpointError:
    # What PyTorch says of bytes that are no archive is about its own options, or a bare number.
    said = (str(error) or type(error).__name__).splitlines()[0].partition(". ")[0]
    reason = said[:160] if _is_archive(path) else ""
    return CheckpointError(
        f"the {what} cannot be read; it is truncated, damaged or not a PyTorch file ({path.stat().st_size} bytes)",
        where=str(path),
        expected="a complete file written by torch.save",
        fix="copy it again from where it was trained" + (f" (PyTorch says: {reason})" if reason else ""),
        code="K002",
    )


def _is_archive(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) == b"PK"
