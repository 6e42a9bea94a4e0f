"""A bundle on a robot model: sensors are read, targets become controls, physics runs in plain MuJoCo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import mujoco
import numpy as np

from leapp_core.errors import EnvError
from leapp_core.plugins.environments import DeploymentEnvironment, ModelScene, StepOutcome
from leapp_core.spec.document import BundleDocument
from leapp_rsl_rl.environments.mujoco.drawing import Camera, Window
from leapp_rsl_rl.environments.mujoco.drives import connect_outputs
from leapp_rsl_rl.environments.mujoco.mapping import read_mapping, refuse_unknown_ports
from leapp_rsl_rl.environments.mujoco.model import ModelFile, Parts
from leapp_rsl_rl.environments.mujoco.problems import Problems
from leapp_rsl_rl.environments.mujoco.pushes import apply_pushes, read_pushes
from leapp_rsl_rl.environments.mujoco.sources import Connector
from leapp_rsl_rl.environments.mujoco.start import Start

_SECONDS = 10.0
_TIMESTEP = "physics_timestep"
"""Key of ``pipeline.configs``: physics step (s) of the task."""
_DIVERGED = ("BADQPOS", "BADQVEL", "BADQACC", "BADCTRL")


class MujocoDeployment(DeploymentEnvironment):
    """See :class:`leapp_core.plugins.environments.DeploymentEnvironment`.

    Every episode begins in the same state, whatever its seed: nothing here is random.

    Args:
        scene: The model and what belongs to it.
        document: The bundle.
        render: Pictures will be asked for.

    Raises:
        UsageError: a command, a push, a start or an entry of the map that cannot be.
        EnvError: the model cannot be read, or what does not match between bundle and model, all at once.
    """

    def __init__(self, scene: ModelScene, document: BundleDocument, *, render: bool = False) -> None:
        frequency = _frequency(document)
        mapped = read_mapping(scene.connections)
        refuse_unknown_ports(mapped, document.pipeline.inputs, document.pipeline.outputs)
        file = ModelFile(scene.model)
        if scene.timestep is not None:
            _set_timestep(file, scene.timestep)
        problems = Problems()
        parts = Parts(file.model)
        connector = Connector(parts, mapped, scene.commands, problems)
        self._drives, notes = connect_outputs(document, file, mapped, connector, problems)
        connector.parts = self._parts = Parts(file.model)  # compiled anew if actuators were added
        self._sources = connector.connect(document)
        problems.raise_if_any(document.name, scene.model.name)
        self._targets = _target_ports(document)
        self._model = file.model
        self._decimation, told = _decimation(document, self._model, frequency)
        self._period = 1.0 / frequency
        self._pushes = read_pushes(scene.pushes, self._parts)
        self._start = Start(scene.start, document, self._parts, mapped)
        self.max_episode_steps = max(1, round(_SECONDS * frequency))
        self.notes = (f"start: {self._start.words}", *told, *connector.notes, *notes)
        self._model.opt.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
        self._data: Any = mujoco.MjData(self._model)
        self._steps = 0
        self.reset(0)
        self._camera = Camera(self._model, self._data, self._parts.base) if render else None
        self._window = Window(self._model, self._data, self._period) if scene.viewer else None

    @property
    def model(self) -> Any:
        """MuJoCo's ``MjModel`` as it is run: with added actuators, and gains of the bundle."""
        return self._model

    @property
    def data(self) -> Any:
        """MuJoCo's ``MjData``. After writing to ``qpos`` or ``qvel``, call ``mujoco.mj_forward``."""
        return self._data

    def reset(self, seed: int) -> None:
        """Go back to the start; the seed changes nothing."""
        self._start.apply(self._data)
        self._steps = 0

    def read(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return what the bundle's inputs name, by ``node/port``."""
        seconds = self._steps * self._period
        return {name: source.value(self._data, seconds) for name, source in self._sources.items()}

    def step(self, outputs: Mapping[str, np.ndarray[Any, Any]]) -> StepOutcome:
        """Set the controls, let physics run for one control step, and compute what follows from the new state.

        Raises:
            EnvError: the simulation diverged.
        """
        self._drives.write(self._data, outputs)
        began = self._steps * self._period
        with _no_log_file():
            for number in range(self._decimation):
                apply_pushes(self._pushes, self._data, began + number * self._model.opt.timestep)
                mujoco.mj_step(self._model, self._data)
        self._refuse_diverged()
        mujoco.mj_forward(self._model, self._data)
        self._steps += 1
        if self._window is not None:
            self._window.show()
        targets = {port: np.array(outputs[name]) for name, port in self._targets.items()}
        state = {"qpos": np.array(self._data.qpos), "qvel": np.array(self._data.qvel)}
        return StepOutcome(targets, None, done=False, state=state)

    def render(self) -> np.ndarray[Any, Any] | None:
        """Return a picture of the model, from the side, following its base."""
        return None if self._camera is None else self._camera.picture(self._data)

    def close(self) -> None:
        """Close window and renderer."""
        for part in (self._camera, self._window):
            if part is not None:
                part.close()

    def _refuse_diverged(self) -> None:
        warned = [w for w in _DIVERGED if self._data.warning[int(getattr(mujoco.mjtWarning, f"mjWARN_{w}"))].number]
        if warned or not (np.isfinite(self._data.qpos).all() and np.isfinite(self._data.qvel).all()):
            raise EnvError(
                f"the simulation diverged in control step {self._steps} ({self._steps * self._period:.3g} s)",
                fix="a smaller --timestep, gains that the model's masses bear, or another --start; "
                "`leapp deploy --steps` up to there with --plot shows the targets",
                code="E002",
            )


@contextmanager
def _no_log_file() -> Iterator[None]:
    """Keep MuJoCo from writing ``MUJOCO_LOG.TXT`` where the user is: what it warns of is looked for in its data."""
    before = mujoco.get_mju_user_warning()
    mujoco.set_mju_user_warning(lambda text: None)
    try:
        yield
    finally:
        mujoco.set_mju_user_warning(before)


def _frequency(document: BundleDocument) -> float:
    frequency = document.pipeline.configs.frequency
    if frequency is None:
        raise EnvError(
            f"bundle {document.name!r} does not state its frequency, so control steps cannot be timed",
            fix="export it with GraphConfigs(frequency=...)",
            code="E006",
        )
    return frequency


def _set_timestep(file: ModelFile, timestep: float) -> None:
    file.model.opt.timestep = timestep
    if file.spec is not None:
        file.spec.option.timestep = timestep


def _decimation(document: BundleDocument, model: Any, frequency: float) -> tuple[int, tuple[str, ...]]:
    """Return how many physics steps make a control step, and what to tell."""
    timestep = float(model.opt.timestep)
    exact = 1.0 / (frequency * timestep)
    steps = round(exact)
    stated = document.pipeline.configs.extra.get(_TIMESTEP)
    known = float(stated) if isinstance(stated, (int, float)) and not isinstance(stated, bool) else None
    if steps < 1 or abs(exact - steps) > 1e-6 * exact:
        fitting = known or 1.0 / (frequency * max(1, round(exact)))
        raise EnvError(
            f"a control step ({1e3 / frequency:g} ms) is no whole number of physics steps ({1e3 * timestep:g} ms)",
            where="<option timestep=…> of the model",
            fix=f"--timestep {fitting:.6g}" + (", the task's" if known else ""),
            code="E006",
        )
    if known is not None and abs(known - timestep) > 1e-9:
        return steps, (f"physics step {timestep:g} s; it was {known:g} s in the task (--timestep {known:g})",)
    return steps, ()


def _target_ports(document: BundleDocument) -> dict[str, str]:
    pipeline = document.pipeline
    return {str(r): r.port for r in pipeline.outputs if (pipeline.output_spec(r).kind or "").startswith("target/")}
