"""Names that wrappers of modules leave in the keys of a state dict: ``module.`` and ``_orig_mod.``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from leapp_core.errors import CheckpointError

WRAPPERS = ("module", "_orig_mod")
"""What ``DataParallel`` and ``DistributedDataParallel``, and what ``torch.compile`` put into keys."""

Value = TypeVar("Value")


def bare(key: str) -> str:
    """Return a key without the names of wrappers, wherever they stand and however often."""
    return ".".join(part for part in key.split(".") if part not in WRAPPERS)


def bare_names(keys: Iterable[str]) -> dict[str, str]:
    """Return the keys of a model by their bare names: a model's own parts may be called like a wrapper."""
    return {bare(key): key for key in keys}


def unwrapped(part: Mapping[str, Value], where: str) -> dict[str, Value]:
    """Return a state dict under bare names.

    Args:
        part: The state dict as saved.
        where: The checkpoint, for messages.

    Raises:
        CheckpointError: Two keys differ by wrappers only, so it is not known which one the policy used.
    """
    names: dict[str, str] = {}
    for key in map(str, part):
        other = names.setdefault(bare(key), key)
        if other != key:
            raise CheckpointError(
                f"the checkpoint holds {bare(key)!r} twice: as {other!r} and as {key!r}",
                where=where,
                expected="each weight once",
                fix="save the state dict of the model itself, not of the model and of its wrapper",
                code="K007",
            )
    return {bare(str(key)): value for key, value in part.items()}
