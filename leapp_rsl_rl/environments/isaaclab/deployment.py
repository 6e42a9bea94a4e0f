"""An Isaac Lab task in deployment form, run by Isaac Lab's ``LeappDeploymentEnv`` in a process of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from leapp_core.errors import EnvError
from leapp_core.plugins.environments import DeploymentEnvironment, EnvRequest, StepOutcome
from leapp_core.spec.yaml_io import write_document
from leapp_rsl_rl.environments.isaaclab.config import TaskConfig

if TYPE_CHECKING:
    import numpy as np

    from leapp_core.spec.document import BundleDocument

_CONNECTION = "isaaclab_connection"
_SECONDS = 600


class IsaacDeployment(DeploymentEnvironment):
    """See :class:`leapp_core.plugins.environments.DeploymentEnvironment`.

    Args:
        request: The task.
        document: The bundle's document, whose ports carry Isaac Lab's connections.
        config: The prepared configuration.

    Raises:
        EnvError: an input has no connection, or Isaac Lab cannot make the deployment.
    """

    def __init__(self, request: EnvRequest, document: BundleDocument, config: TaskConfig) -> None:
        from multiprocessing import get_context

        from leapp_rsl_rl.environments.isaaclab.worker import serve

        self.max_episode_steps = config.episode_steps
        self._targets = _check_connections(document)
        context = get_context("spawn")
        self._link, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, request, write_document(document)), daemon=True)
        self._process.start()
        theirs.close()
        self._inputs: dict[str, np.ndarray[Any, Any]] | None = None
        self._begun = False
        self._receive("ready")

    def reset(self, seed: int) -> None:
        """Start the episode that the training form starts with this seed."""
        if self._inputs is None and self._begun:
            self._receive("inputs")
        self._link.send(("reset", seed))
        self._inputs, self._begun = None, True

    def read(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return the readings that the bundle's inputs name, by ``node/port``."""
        if self._inputs is None:
            self._inputs = self._receive("inputs")
        return dict(self._inputs)

    def step(self, outputs: Mapping[str, np.ndarray[Any, Any]]) -> StepOutcome:
        """Write the outputs that name a target and advance by one control step."""
        self.read()
        self._link.send(("outputs", dict(outputs)))
        self._inputs = None
        reward, state = self._receive("stepped")
        targets = {port: outputs[name] for name, port in self._targets.items()}
        return StepOutcome(targets, reward, False, state)

    def close(self) -> None:
        """Stop the process."""
        with contextlib.suppress(BrokenPipeError, OSError):
            self._link.send(("close",))
        self._process.join(timeout=30)
        if self._process.is_alive():
            self._process.terminate()
        self._link.close()

    def _receive(self, expected: str) -> Any:
        if not self._link.poll(_SECONDS):
            raise EnvError(f"Isaac Lab's deployment gave no {expected} within {_SECONDS} seconds", code="E002")
        try:
            kind, content = self._link.recv()
        except EOFError as error:
            raise EnvError("Isaac Lab's deployment ended unexpectedly; its output says why", code="E002") from error
        if kind == "error":
            raise EnvError(f"Isaac Lab's deployment failed: {content}", code="E002")
        return content


def _check_connections(document: BundleDocument) -> dict[str, str]:
    """Return the outputs that are written, ``node/port`` to port name."""
    pipeline = document.pipeline
    unwired = [str(ref) for ref in pipeline.inputs if _CONNECTION not in pipeline.input_spec(ref).extra]
    if unwired:
        raise EnvError(
            f"input {unwired[0]} has no {_CONNECTION}, so nothing can be read for it",
            expected="a bundle exported with --env isaaclab; the author of a direct-workflow task names connections in "
            f'annotations: extra={{"{_CONNECTION}": "state:ENTITY:PROPERTY"}}',
            code="E006",
        )
    dynamic = [ref for ref in pipeline.outputs if pipeline.output_spec(ref).kind not in ("kp", "kd")]
    wired = {str(ref): ref.port for ref in dynamic if _CONNECTION in pipeline.output_spec(ref).extra}
    if not wired:
        raise EnvError(
            f"no output of the bundle has the key {_CONNECTION}, so nothing can be written",
            expected=f'extra={{"{_CONNECTION}": "write:ENTITY:METHOD"}} on an output',
            code="E006",
        )
    return wired
