"""A task of gymnasium in training form and in deployment form.

The policy ends where gymnasium begins: observations are as the task gives them, and actions as it takes them.
What SB3 puts around the task for training (a normalizer, an image turned) belongs to the policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium import spaces

from leapp_core import InputKind, TensorSemantics
from leapp_core.errors import EnvError
from leapp_core.plugins.environments import DeploymentEnvironment, EnvRequest, PolicyEnvironment, StepOutcome
from leapp_core.plugins.policies import LoadedPolicy, Recorder, Terms
from leapp_core.spec.document import BundleDocument
from leapp_sb3.tasks import ACTIONS, OBSERVATIONS

PLAIN, ACTION = "observation", "action"
STEPS = 1000
"""Steps of an episode whose task does not limit them."""


class Task:
    """A task's simulation, seen as arrays by port name.

    Raises:
        EnvError: gymnasium cannot make it, or its spaces are none that a bundle has ports for.
    """

    def __init__(self, request: EnvRequest) -> None:
        try:
            self.env = gymnasium.make(request.task, render_mode="rgb_array" if request.render else None)
        except (gymnasium.error.Error, ImportError, TypeError) as error:
            raise EnvError(f"gymnasium cannot make {request.task}: {error}", where=request.task) from error
        space = self.env.observation_space
        self.parts = dict(space.spaces) if isinstance(space, spaces.Dict) else {PLAIN: space}
        self.action_space = self.env.action_space
        for kind in (*self.parts.values(), self.action_space):
            if not isinstance(kind, (spaces.Box, spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)):
                raise EnvError(
                    f"{request.task} has a {type(kind).__name__}",
                    where=request.task,
                    expected="Box, Discrete, MultiDiscrete, MultiBinary, or a dictionary of them",
                )
        self.max_steps = (self.env.spec.max_episode_steps if self.env.spec else None) or STEPS
        self.seen: Any = None

    def reset(self, seed: int) -> None:
        self.seen, _ = self.env.reset(seed=seed)

    def read(self) -> dict[str, np.ndarray]:
        """Return observations as arrays ``[1, ...]`` of their spaces' element types."""
        values = self.seen if isinstance(self.env.observation_space, spaces.Dict) else {PLAIN: self.seen}
        return {
            name: np.array(values[name], part.dtype).reshape(1, *(part.shape or (1,)))
            for name, part in self.parts.items()
        }

    def drive(self, action: np.ndarray, targets: Mapping[str, np.ndarray]) -> StepOutcome:
        """Take one control step."""
        flat = action.reshape(self.action_space.shape)
        given = int(flat) if isinstance(self.action_space, spaces.Discrete) else flat.astype(self.action_space.dtype)
        self.seen, reward, terminated, truncated, _ = self.env.step(given)
        return StepOutcome(targets, float(reward), bool(terminated or truncated), self.read())

    def terms(self) -> Terms:
        """Return what observations and actions are made of: many of MuJoCo's tasks say so, others are documented."""
        core, name = self.env.unwrapped, self.env.spec.id if self.env.spec else ""
        structure = OBSERVATIONS.get(name) or getattr(core, "observation_structure", None) or {}
        seen = {term: size for term, size in structure.items() if size and not term.startswith("skipped_")}
        if set(self.parts) != {PLAIN} or (sum(seen.values()),) != self.parts[PLAIN].shape:
            seen = {}  # a task of one's own that inherits another's, and looks at something else
        driven = self._driven_joints(core) or ACTIONS.get(name, {})
        return Terms({part: seen if part == PLAIN else {} for part in self.parts}, driven)

    def _driven_joints(self, core: Any) -> Mapping[str, int]:
        model = getattr(core, "model", None)
        if not hasattr(model, "actuator_trnid") or self.action_space.shape != (model.nu,):
            return {}
        joints = [model.joint(joint).name for joint in model.actuator_trnid[:, 0]]
        return dict.fromkeys(joints, 1) if all(joints) and len(set(joints)) == len(joints) else {}

    @property
    def frequency(self) -> float:
        """Control steps per second, as far as the task says; 1 if it does not."""
        core = self.env.unwrapped
        for name in ("dt", "tau"):
            if period := getattr(core, name, None):
                return 1.0 / float(period)
        return float(self.env.metadata.get("render_fps") or 1.0)


class TrainingTask(PolicyEnvironment):
    """The task beside its policy."""

    agent = None  # SB3 keeps all of it in the checkpoint

    def __init__(self, request: EnvRequest) -> None:
        self.task = self.node = request.task
        self._task, self._device = Task(request), request.device
        self.frequency, self.max_episode_steps = self._task.frequency, self._task.max_steps
        self.terms = self._task.terms()
        space = self._task.action_space
        self.num_actions = max(1, int(np.prod(space.shape)))
        if not isinstance(space, spaces.Box):
            sizes = getattr(space, "nvec", None)
            sizes = np.full(self.num_actions, getattr(space, "n", 2)) if sizes is None else sizes
            sizes = np.full(self.num_actions, 2) if isinstance(space, spaces.MultiBinary) else sizes
            self.action_choices = tuple(int(size) for size in np.ravel(sizes))
        self.reset(request.seed)

    def observations(self) -> Mapping[str, torch.Tensor]:
        return {name: torch.from_numpy(value).to(self._device) for name, value in self._task.read().items()}

    def reset(self, seed: int) -> None:
        self._task.reset(seed)

    def step(self, policy: LoadedPolicy, session: Recorder | None = None) -> StepOutcome:
        with torch.inference_mode():
            seen = self.observations()
            readings = {name: value.cpu().numpy().copy() for name, value in seen.items()}
            if session is not None:
                declared = [TensorSemantics(name, value, self._kind(name)) for name, value in seen.items()]
                session.input_tensors(self.node, declared)
            action = policy.act(seen, session, self.node)
            if session is not None:
                session.output_tensors(self.node, [TensorSemantics(ACTION, action, "target/gymnasium/action")])
            with nullcontext() if session is None else session.paused():
                taken = action.cpu().numpy().copy()
                outcome = self._task.drive(taken, {ACTION: taken})
        return StepOutcome(outcome.targets, outcome.reward, outcome.done, outcome.state, readings)

    def close(self) -> None:
        self._task.env.close()

    def _kind(self, name: str) -> InputKind | str:
        part = self._task.parts[name]
        image = isinstance(part, spaces.Box) and len(part.shape) == 3 and part.dtype == np.uint8
        return InputKind.CAMERA_IMAGE if image else "state/gymnasium/observation"


class DeployedTask(DeploymentEnvironment):
    """The task as a robot would be: observations out, action in."""

    def __init__(self, request: EnvRequest, document: BundleDocument) -> None:
        self._task = Task(request)
        self.max_episode_steps = self._task.max_steps
        self._inputs = {str(ref): ref.port for ref in document.pipeline.inputs}
        outputs = [str(ref) for ref in document.pipeline.outputs if ref.port == ACTION]
        unknown = sorted(set(self._inputs.values()) - set(self._task.parts))
        if unknown or len(outputs) != 1:
            raise EnvError(
                f"bundle {document.name!r} does not fit {request.task}",
                where=", ".join(unknown) or ACTION,
                expected=f"inputs {', '.join(self._task.parts)}, and one output {ACTION}",
            )
        self._output = outputs[0]
        self.reset(request.seed)

    def reset(self, seed: int) -> None:
        self._task.reset(seed)

    def read(self) -> dict[str, np.ndarray]:
        seen = self._task.read()
        return {name: seen[port] for name, port in self._inputs.items()}

    def step(self, outputs: Mapping[str, np.ndarray]) -> StepOutcome:
        return self._task.drive(outputs[self._output], {})

    def render(self) -> np.ndarray | None:
        return self._task.env.render()

    def close(self) -> None:
        self._task.env.close()
