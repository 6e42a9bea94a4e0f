"""Memory as the modes see it: addresses, bytes, and our own tensor work unseen."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from typing import Any

import torch
from torch.utils._python_dispatch import _disable_current_modes


def tensors_of(values: Iterable[Any]) -> list[torch.Tensor]:
    """Return the tensors among arguments or results, those in lists too, in order."""
    found: list[torch.Tensor] = []
    for a in values:
        if isinstance(a, torch.Tensor):
            found.append(a)
        elif isinstance(a, (list, tuple)):
            found.extend(b for b in a if isinstance(b, torch.Tensor))
    return found


def address_of(storage: torch.UntypedStorage) -> int:
    """Return what tells a storage from all others: its address, or its identity if it is empty."""
    return storage.data_ptr() or -int(storage._cdata)


def unrecorded() -> Any:
    """Context in which our own tensor work is seen by no mode."""
    return _Unrecorded()


class _Unrecorded:
    def __enter__(self) -> None:
        self._modes = _disable_current_modes()
        self._modes.__enter__()
        self._functions = torch._C.DisableTorchFunction()
        self._functions.__enter__()

    def __exit__(self, *exc: Any) -> None:
        self._functions.__exit__(*exc)
        self._modes.__exit__(*exc)


def read_bytes(storage: torch.UntypedStorage) -> bytes:
    """Return a storage's contents."""
    if storage.nbytes() == 0:
        return b""
    if storage.device.type == "cpu":
        return ctypes.string_at(storage.data_ptr(), storage.nbytes())
    with unrecorded():
        copy = storage.cpu()  # type: ignore[no-untyped-call]
        return ctypes.string_at(copy.data_ptr(), copy.nbytes())


def storage_over(address: int, nbytes: int) -> torch.UntypedStorage:
    """Return a storage over memory that somebody else keeps; it must not be used once they let go."""
    memory = (ctypes.c_byte * nbytes).from_address(address)
    with unrecorded():
        return torch.frombuffer(memory, dtype=torch.uint8).untyped_storage()
