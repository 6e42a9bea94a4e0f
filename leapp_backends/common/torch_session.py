"""Run a program in PyTorch on NumPy arrays, by port name."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from leapp_core.errors import UsageError
from leapp_core.plugins.runners import RunnerSettings
from leapp_core.spec.dtypes import numpy_dtype
from leapp_core.spec.pipeline import NodeSpec
from leapp_core.suggest import suggest

if TYPE_CHECKING:
    import numpy as np
    import torch


def torch_device(settings: RunnerSettings) -> str:
    """Return the device of an execution provider.

    Raises:
        UsageError: PyTorch does not have it, or not on this machine.
    """
    import torch

    if settings.provider not in {"cpu", "cuda"}:
        raise UsageError(
            f"PyTorch artifacts cannot run on provider {settings.provider!r}",
            expected=suggest(settings.provider, ("cpu", "cuda")),
            code="U007",
        )
    if settings.provider == "cuda" and not torch.cuda.is_available():
        raise UsageError(
            "provider 'cuda' was asked for and PyTorch finds no CUDA device",
            fix="use provider 'cpu' on this machine",
            code="U007",
        )
    return settings.provider


class TorchSession:
    """One loaded program; a :class:`~leapp_core.plugins.runners.ModelSession`.

    Args:
        function: Takes one tensor per input in the node's order, returns one tensor per output (or a lone tensor).
        spec: The node's interface.
        device: Torch device string.
    """

    def __init__(self, function: Callable[..., Any], spec: NodeSpec, device: str) -> None:
        self._function = function
        self._spec = spec
        self._device = device

    def run(self, inputs: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
        """Run once; see :class:`~leapp_core.plugins.runners.ModelSession`."""
        import torch

        arguments = [_to_tensor(inputs[port.name], self._device) for port in self._spec.inputs]
        with torch.inference_mode(), _quiet_device(self._device):
            results = self._function(*arguments)
        results = results if isinstance(results, (tuple, list)) else (results,)
        return {port.name: _to_array(value) for port, value in zip(self._spec.outputs, results, strict=True)}


@contextlib.contextmanager
def _quiet_device(device: str) -> Iterator[None]:
    """Silence what cuDNN says in every step about recurrent weights that were loaded; a user cannot change it."""
    if device == "cpu":
        yield
        return
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="RNN module weights are not part of single contiguous chunk")
        yield


def _to_tensor(array: np.ndarray[Any, Any], device: str) -> torch.Tensor:
    """Return a tensor with a copy of the array: the caller's memory is never written."""
    import numpy as np
    import torch

    if array.dtype.name == "bfloat16":
        return torch.from_numpy(array.view(np.int16).copy()).view(torch.bfloat16).to(device)
    return torch.from_numpy(np.array(array, order="C")).to(device)


def _to_array(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    """Return an array with memory of its own."""
    import numpy as np
    import torch

    tensor = tensor.detach().cpu()
    if tensor.dtype == torch.bfloat16:
        raw: np.ndarray[Any, Any] = tensor.contiguous().view(torch.int16).numpy()
        own: np.ndarray[Any, Any] = raw.copy().view(numpy_dtype("bfloat16"))
        return own
    return np.array(tensor.numpy(), order="C")
