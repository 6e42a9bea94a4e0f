"""Tensors as arrays and back, bfloat16 included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leapp_core.spec.dtypes import numpy_dtype, torch_dtype

if TYPE_CHECKING:
    import numpy as np
    import torch


def to_array(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    """Return a copy of a tensor's values."""
    import numpy as np
    import torch

    plain = tensor.detach().cpu().contiguous()
    if plain.dtype is torch.bfloat16:
        bits: np.ndarray[Any, Any] = plain.view(torch.int16).numpy()
        return np.array(bits.view(numpy_dtype("bfloat16")))
    return np.array(plain.numpy())


def to_tensor(array: np.ndarray[Any, Any]) -> torch.Tensor:
    """Return a tensor with a copy of an array's values."""
    import numpy as np
    import torch

    if array.dtype.name == "bfloat16":
        bits = torch.from_numpy(np.array(array.view(np.int16)))
        return bits.view(torch_dtype("bfloat16"))
    return torch.from_numpy(np.array(array))
