"""Read an rsl_rl checkpoint without ever running code from it."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from leapp_core.errors import CheckpointError

_FORBIDDEN = re.compile(r"(?:GLOBAL|global|class|function) ['\"`]?((?:[A-Za-z_]\w*\.)+\w+)")


def read_checkpoint(path: Path, device: str = "cpu") -> Mapping[str, Any]:
    """Return the content of a checkpoint file.

    Args:
        path: The file.
        device: Where its tensors go.

    Raises:
        CheckpointError: There is no such file, it is damaged, it would run code, or it holds something else than
            named parts.
    """
    _check_exists(path)
    try:
        content = torch.load(path, map_location=device, weights_only=True)
    except pickle.UnpicklingError as error:
        raise _refused(path, error) from error
    except Exception as error:
        raise _damaged(path, error) from error
    if not isinstance(content, Mapping):
        raise CheckpointError(
            f"the file holds a {type(content).__name__}, not a checkpoint",
            where=str(path),
            expected="a dictionary with 'actor_state_dict' or 'model_state_dict', as rsl_rl's runners save it",
        )
    return content


def _check_exists(path: Path) -> None:
    if path.is_file():
        return
    folder = path if path.is_dir() else path.parent
    present = sorted(folder.glob("*.pt")) if folder.is_dir() else []
    found = ", ".join(item.name for item in present[-5:]) or "no .pt file"
    raise CheckpointError(
        "the checkpoint is a folder, not a file" if path.is_dir() else "there is no such checkpoint",
        where=str(path),
        expected="a file such as model_1500.pt that rsl_rl's runner saved",
        fix=f"the folder {folder.name!r} has {found}" if folder.is_dir() else f"the folder {folder} does not exist",
    )


def _refused(path: Path, error: pickle.UnpicklingError) -> CheckpointError:
    text = str(error)
    if "nsupported" not in text or "operand" in text:
        return _damaged(path, error)
    named = _FORBIDDEN.search(text)
    what = f" ({named.group(1)})" if named else ""
    return CheckpointError(
        f"the checkpoint holds more than tensors and plain values{what} and would run code when loaded",
        where=str(path),
        expected="only tensors, numbers, strings, lists and dictionaries",
        fix="if you trust where it is from, load it yourself and save its state dicts with torch.save",
    )


def _damaged(path: Path, error: Exception) -> CheckpointError:
    # What PyTorch says of bytes that are no archive is about its own options, or a bare number.
    said = (str(error) or type(error).__name__).splitlines()[0].partition(". ")[0]
    reason = said[:160] if _is_archive(path) else ""
    return CheckpointError(
        f"the checkpoint cannot be read; it is truncated, damaged or not a PyTorch file ({path.stat().st_size} bytes)",
        where=str(path),
        expected="a complete file written by torch.save",
        fix="copy it again from where it was trained" + (f" (PyTorch says: {reason})" if reason else ""),
    )


def _is_archive(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) == b"PK"
