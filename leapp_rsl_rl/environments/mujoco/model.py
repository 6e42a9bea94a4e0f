"""Read a robot model, and look up what it holds by name."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import mujoco

from leapp_core.errors import EnvError, UsageError
from leapp_rsl_rl.environments.mujoco.provider import MujocoProvider

_OF_JOINTS = (int(mujoco.mjtTrn.mjTRN_JOINT), int(mujoco.mjtTrn.mjTRN_JOINTINPARENT))
_SINGLE = (int(mujoco.mjtJoint.mjJNT_HINGE), int(mujoco.mjtJoint.mjJNT_SLIDE))


class ModelFile:
    """A model as it is in its file, before anything is added.

    Args:
        path: MJCF (``.xml``), or a compiled model (``.mjb``), to which nothing can be added.

    Raises:
        UsageError: another ending.
        EnvError: MuJoCo does not read the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.spec: Any = None
        if path.suffix.lower() not in MujocoProvider.models:
            raise UsageError(
                f"--model: {path.name} is no robot model that MuJoCo reads",
                expected=f"a file that ends in {' or '.join(MujocoProvider.models)}",
                code="U003",
            )
        try:
            if path.suffix.lower() == ".xml":
                self.spec = mujoco.MjSpec.from_file(str(path))
                self.model: Any = self.spec.compile()
            else:
                self.model = mujoco.MjModel.from_binary_path(str(path))
        except (ValueError, RuntimeError, mujoco.FatalError) as error:
            raise EnvError(f"MuJoCo does not read the model: {error}", where=str(path), code="E002") from error

    def recompile(self) -> None:
        """Compile the model again after something was added to ``spec``."""
        self.model = self.spec.compile()


class Parts:
    """What a compiled model holds.

    Args:
        model: MuJoCo's ``MjModel``.
    """

    def __init__(self, model: Any) -> None:
        self.model = model

    @cached_property
    def joints(self) -> dict[str, int]:
        """Hinges and slides by name."""
        return {n: i for n, i in self._named("joint", self.model.njnt).items() if self.model.jnt_type[i] in _SINGLE}

    @cached_property
    def bodies(self) -> dict[str, int]:
        """Bodies by name, without the world."""
        return {name: index for name, index in self._named("body", self.model.nbody).items() if index}

    @cached_property
    def sites(self) -> dict[str, int]:
        """Sites by name."""
        return self._named("site", self.model.nsite)

    @cached_property
    def sensors(self) -> dict[str, int]:
        """Sensors by name."""
        return self._named("sensor", self.model.nsensor)

    @cached_property
    def keyframes(self) -> dict[str, int]:
        """Keyframes by name."""
        return self._named("key", self.model.nkey)

    @cached_property
    def base(self) -> int | None:
        """The body that the others hang on: the only one with a free joint, or the only root that moves."""
        free = [int(self.model.jnt_bodyid[j]) for j in range(self.model.njnt) if self.model.jnt_type[j] == 0]
        if len(free) == 1:
            return free[0]
        roots = {int(self.model.body_rootid[b]) for b in self.model.jnt_bodyid}
        return next(iter(roots)) if not free and len(roots) == 1 else None

    def actuators_of(self, joint: int) -> list[int]:
        """Return the actuators of a joint."""
        kinds, targets = self.model.actuator_trntype, self.model.actuator_trnid
        return [a for a in range(self.model.nu) if kinds[a] in _OF_JOINTS and int(targets[a, 0]) == joint]

    def actuator_name(self, actuator: int) -> str:
        """Return an actuator's name, or its number."""
        return str(self.model.actuator(actuator).name) or str(actuator)

    def _named(self, kind: str, count: int) -> dict[str, int]:
        names = [str(getattr(self.model, kind)(index).name) for index in range(count)]
        return {name: index for index, name in enumerate(names) if name}
