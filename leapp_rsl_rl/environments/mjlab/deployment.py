"""A task's scene and physics as a robot would present them: no observation or action code runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leapp_core.errors import EnvError
from leapp_core.plugins.environments import DeploymentEnvironment, EnvRequest, StepOutcome
from leapp_core.suggest import suggest
from leapp_rsl_rl.environments.mjlab.config import TaskConfig
from leapp_rsl_rl.environments.mjlab.ports import CONNECTION
from leapp_rsl_rl.environments.mjlab.rewards import reward_meter
from leapp_rsl_rl.environments.mjlab.simulator import Simulator, as_array
from leapp_rsl_rl.environments.mjlab.sources import read_connection
from leapp_rsl_rl.environments.mjlab.writes import SETTERS

if TYPE_CHECKING:
    import numpy as np

    from leapp_core.spec.document import BundleDocument
    from leapp_core.spec.port import PortSpec


@dataclass(frozen=True)
class _Target:
    """Where an output goes: a setter of an entity and the elements it sets."""

    port: str
    owner: str
    entity: Any
    method: str
    names: tuple[str, ...]
    ids: Any


class MjlabDeployment(DeploymentEnvironment):
    """See :class:`leapp_core.plugins.environments.DeploymentEnvironment`.

    Events, commands and terminations are the task's: they are the world and the operator, not the policy.

    Args:
        request: Which task, on which device, and whether pictures will be asked for.
        config: The prepared configuration.
        document: The bundle's document, whose ports carry connections.
    """

    def __init__(self, request: EnvRequest, config: TaskConfig, document: BundleDocument) -> None:
        actions, rewards = config.env.actions, config.env.rewards
        config.env.observations, config.env.actions, config.env.rewards = {}, {}, {}
        self.max_episode_steps = config.episode_steps
        self._simulator = Simulator(config.env, request.device, request.task, render=request.render)
        self._sources = _sources(document)
        self._sinks = _sinks(document, self._simulator.env)
        with self._simulator.running() as env:
            self._meter = reward_meter(env, actions, rewards)
        self.read()

    def reset(self, seed: int) -> None:
        """Start the episode that the training form starts with this seed."""
        self._simulator.reset(seed)

    def read(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return the readings that the bundle's inputs name, by ``node/port``."""
        with self._simulator.running() as env:
            return {port: as_array(read_connection(env, connection)) for port, connection in self._sources.items()}

    def step(self, outputs: Mapping[str, np.ndarray[Any, Any]]) -> StepOutcome:
        """Write the outputs that name a target and advance by one control step."""
        import torch

        with self._simulator.running() as env:
            for port, sink in self._sinks.items():
                value = torch.tensor(outputs[port], device=env.device)
                getattr(sink.entity, sink.method)(value, sink.ids)
                if self._meter is not None:
                    self._meter.written(sink.owner, sink.names, value)
        reward, done = self._simulator.step(torch.zeros(1, 0, device=self._simulator.env.device))
        targets = {sink.port: outputs[port] for port, sink in self._sinks.items()}
        return StepOutcome(targets, None if self._meter is None else reward, done, self._simulator.state())

    def render(self) -> np.ndarray[Any, Any] | None:
        """Return a picture of the scene from the task's viewer camera."""
        return self._simulator.render()

    def close(self) -> None:
        """Release the simulator."""
        self._simulator.close()


def _sources(document: BundleDocument) -> dict[str, str]:
    sources = {}
    for ref in document.pipeline.inputs:
        connection = document.pipeline.input_spec(ref).extra.get(CONNECTION)
        if connection is None:
            raise EnvError(
                f"input {ref} has no {CONNECTION}, so nothing can be read for it",
                expected=f"a bundle exported with --env mjlab, or the key {CONNECTION} on every input port",
                code="E006",
            )
        sources[str(ref)] = str(connection)
    return sources


def _sinks(document: BundleDocument, env: Any) -> dict[str, _Target]:
    """Return where each output with a connection goes; gains and the like have none."""
    sinks = {}
    for ref in document.pipeline.outputs:
        spec = document.pipeline.output_spec(ref)
        connection = spec.extra.get(CONNECTION)
        if connection is not None:
            sinks[str(ref)] = _sink(env, str(ref), spec, str(connection))
    if not sinks:
        raise EnvError(
            f"no output of the bundle has the key {CONNECTION}", expected="a bundle made with --env mjlab", code="E006"
        )
    return sinks


def _sink(env: Any, port: str, spec: PortSpec, connection: str) -> _Target:
    import torch

    kind, *parts = connection.split(":")
    if kind != "write" or len(parts) != 2 or parts[1] not in SETTERS:
        raise EnvError(
            f"output {port}: connection {connection!r} cannot be written",
            expected=f"write:ENTITY:{'|'.join(SETTERS)}",
            code="E006",
        )
    if parts[0] not in env.scene.entities:
        raise EnvError(
            f"output {port}: the scene has no entity {parts[0]!r}",
            expected=suggest(parts[0], env.scene.entities),
            code="E006",
        )
    entity, setter = env.scene.entities[parts[0]], SETTERS[parts[1]]
    available = list(getattr(entity, setter.names))
    axis = (spec.element_names or (None,))[-1]
    names = list(axis) if isinstance(axis, (tuple, list)) else available
    unknown = [n for n in names if n not in available]
    if unknown:
        raise EnvError(
            f"output {port}: entity {parts[0]!r} has no {unknown[0]!r}",
            expected=suggest(unknown[0], available),
            code="E006",
        )
    ids = torch.tensor([available.index(n) for n in names], device=env.device)
    return _Target(spec.name, parts[0], entity, setter.method, tuple(names), ids)
