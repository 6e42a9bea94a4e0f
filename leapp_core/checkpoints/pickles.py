"""Read a pickle as data."""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Collection, Mapping
from typing import Any

from leapp_core.checkpoints.plain_values import PLAIN, UnsafeValueError, settled
from leapp_core.checkpoints.records import allowed_names
from leapp_core.errors import CheckpointError

_NOT_DATA = {
    "EXT1": "an extension code",
    "EXT2": "an extension code",
    "EXT4": "an extension code",
    "PERSID": "a persistent id",
    "BINPERSID": "a persistent id",
    "NEXT_BUFFER": "a buffer outside the file",
}
_OLD_MODULES = {"__builtin__": "builtins", "copy_reg": "copyreg"}
"""How protocols 0 to 2 call them."""
_STORES = ("PUT", "BINPUT", "LONG_BINPUT")


class _Unpickler(pickle.Unpickler):
    def __init__(self, content: bytes, allowed: Mapping[str, Any]) -> None:
        super().__init__(io.BytesIO(content))
        self._allowed = allowed

    def find_class(self, module: str, name: str) -> Any:
        """Return what stands for a name; nothing is imported."""
        full = f"{_OLD_MODULES.get(module, module)}.{name}"
        try:
            return self._allowed[full]
        except KeyError:
            raise UnsafeValueError(full) from None


def read_pickle(content: bytes, classes: Collection[str] = (), *, where: str, what: str = "file") -> Any:
    """Return what a pickle holds, without running anything it names.

    Numbers, text, containers, NumPy arrays, numbers and dtypes come as they are. Objects of the named classes, and
    results of the named functions, come as :class:`~leapp_core.checkpoints.records.PickledObject`.

    Args:
        content: The pickle.
        classes: Qualified names of classes and functions it may use, ``gymnasium.spaces.box.Box``.
        where: The file, for messages.
        what: What the file is, for messages: ``VecNormalize file``.

    Raises:
        CheckpointError: it is damaged, or uses another name, which the message tells.
    """
    try:
        _check_operations(content)
        return settled(_Unpickler(content, allowed_names(classes, PLAIN)).load())
    except UnsafeValueError as error:
        raise refused(str(error), where, what) from error
    except Exception as error:
        raise CheckpointError(
            f"the {what} cannot be read; it is truncated, damaged or not a pickle ({len(content)} bytes)",
            where=where,
            expected="a complete file",
            fix="copy it again from where it was trained",
            code="K002",
        ) from error


def refused(name: str, where: str, what: str = "file") -> CheckpointError:
    """Return the error for a file that uses a name which is not on the list."""
    return CheckpointError(
        f"the {what} uses {name}, which is not a plain value and could run code when loaded; nothing of it was run",
        where=where,
        expected="tensors, arrays, numbers, text, and objects of the classes that its trainer saves",
        fix="if you trust where it is from, load it where it was trained and save only what the policy needs",
        code="K003",
    )


def _check_operations(content: bytes) -> None:
    """Refuse what reaches out of the file, and a place in the unpickler's memory that no file of that size needs."""
    for count, (operation, argument, _) in enumerate(pickletools.genops(content)):
        if operation.name in _NOT_DATA:
            raise UnsafeValueError(_NOT_DATA[operation.name])
        if operation.name in _STORES and int(argument or 0) > count:
            raise ValueError("a memo index beyond the number of operations")
