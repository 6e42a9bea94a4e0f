"""Read an rsl_rl checkpoint without ever running code from it."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from leapp_core.checkpoints import read_torch_file
from leapp_core.errors import CheckpointError

_BESIDE_THE_POLICY = ("amp_rsl_rl.utils.utils.Normalizer", "rsl_rl.utils.utils.Normalizer")
"""Objects that trainers save whole beside the policy: the normalizer of the discriminator, of amp-rsl-rl and of the
forks of rsl_rl that it follows. The policy does not see it; it is read as a record and left alone."""


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
    _check_kind(path)
    content = read_torch_file(path, _BESIDE_THE_POLICY, device=device)
    if not isinstance(content, Mapping):
        raise CheckpointError(
            f"the file holds a {type(content).__name__}, not a checkpoint",
            where=str(path),
            expected="a dictionary with 'actor_state_dict' or 'model_state_dict', as rsl_rl's runners save it",
            code="K004",
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
        code="K001",
    )


def _check_kind(path: Path) -> None:
    """Name files of other kinds, which PyTorch would call damaged."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    if any(name.endswith("/constants.pkl") for name in names):
        raise CheckpointError(
            "the file is a TorchScript program, which was exported before, not a checkpoint",
            where=str(path),
            expected="a file such as model_1500.pt that rsl_rl's runner saved",
            fix="name the checkpoint of the training run, not the policy in its 'exported' folder",
            code="K004",
        )
    if not any(name.endswith("data.pkl") for name in names):
        raise CheckpointError(
            f"the file is a zip archive without a checkpoint of PyTorch; it holds {', '.join(names[:4]) or 'nothing'}",
            where=str(path),
            expected="a file such as model_1500.pt that rsl_rl's runner saved",
            fix="`leapp adapters list` shows which training libraries' checkpoints load; --adapter chooses one",
            code="K004",
        )
