"""The ``InferenceManager`` of the ``leapp`` module: a bundle stepped with torch tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from leapp_core.errors import RuntimeInputError
from leapp_core.suggest import suggest

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class NodeDescription:
    """A node's ports as the YAML file writes them.

    Attributes:
        input_descriptions: Input ports: name, dtype, shape, element_names and further keys.
        output_descriptions: Output ports.
    """

    input_descriptions: list[dict[str, Any]]
    output_descriptions: list[dict[str, Any]]


class InferenceManager:
    """Steps a bundle; inputs and outputs are torch tensors named ``node/port``.

    Inputs that a step is not given keep their last value, zero at first.

    Args:
        model_path: The bundle's YAML file.

    Raises:
        BundleError: it is damaged or inconsistent.
    """

    def __init__(self, model_path: str | Path) -> None:
        from ruamel.yaml import YAML

        from leapp_core.runtime import load

        self._runtime = load(model_path, full_names=True)
        pipeline = self._runtime.pipeline
        self._feedback = [str(edge.target) for edge in pipeline.feedback]
        models = YAML(typ="safe", pure=True).load(Path(model_path).read_text(encoding="utf-8"))["models"]
        self.nodes = {name: NodeDescription(m["inputs"], m["outputs"]) for name, m in models.items()}
        self._values = self._zeros()

    @property
    def inputs(self) -> list[str]:
        """Names of the inputs fed from outside."""
        return list(self._runtime.inputs)

    @property
    def outputs(self) -> list[str]:
        """Names of the outputs."""
        return list(self._runtime.outputs)

    @property
    def feedback_inputs(self) -> list[str]:
        """Names of the inputs fed from the last step."""
        return list(self._feedback)

    def run_policy(self, inputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Make one step.

        Args:
            inputs: Tensors by ``node/port``.

        Returns:
            Tensors by ``node/port``, on the device of the inputs; they belong to the caller.

        Raises:
            RuntimeInputError: an unknown name, or a wrong shape or dtype.
        """
        import torch

        for name, value in inputs.items():
            self._set(name, value)
        device = next((value.device for value in inputs.values()), torch.device("cpu"))
        results = self._runtime.step(self._values)
        return {name: torch.from_numpy(value).to(device) for name, value in results.items()}

    def __call__(self, inputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """See :meth:`run_policy`."""
        return self.run_policy(inputs)

    def set_input_value(self, node_name: str, input_name: str, value: torch.Tensor) -> None:
        """Set an input, or state, for the steps to come.

        Raises:
            RuntimeInputError: there is no such input.
        """
        self._set(f"{node_name}/{input_name}", value)

    def get_mock_input(self) -> dict[str, torch.Tensor]:
        """Return a random tensor for every input fed from outside."""
        import torch

        from leapp_core.runtime.mock import mock_inputs

        return {name: torch.from_numpy(value) for name, value in mock_inputs(self._runtime.inputs).items()}

    def reset(self) -> None:
        """Go back to the initial state; inputs are zero again."""
        self._runtime.reset()
        self._values = self._zeros()

    def _set(self, name: str, value: torch.Tensor) -> None:
        array = value.detach().cpu().numpy()
        if name in self._values:
            self._values[name] = array
        elif name in self._feedback:
            self._runtime.load_state({**self._runtime.state, name: array})
        else:
            raise RuntimeInputError(
                f"the bundle has no input {name!r}",
                expected=suggest(name, [*self._values, *self._feedback]),
                code="R001",
            )

    def _zeros(self) -> dict[str, Any]:
        from leapp_core.runtime.mock import mock_inputs

        return {name: np.zeros_like(value) for name, value in mock_inputs(self._runtime.inputs).items()}
