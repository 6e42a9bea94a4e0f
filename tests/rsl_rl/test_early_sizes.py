"""A checkpoint that does not fit is refused before a simulator is started, where the configuration tells the sizes."""

from __future__ import annotations

import pytest

from leapp_core.errors import CheckpointError
from leapp_core.plugins.environments import EnvRequest, TaskSizes
from leapp_core.plugins.manager import PluginManager
from leapp_core.policy_export.parts import compare_early
from leapp_rsl_rl.environments.builtin.provider import BuiltinProvider

TASK = "Builtin-Velocity-Hopper"


class StartedError(AssertionError):
    pass


class Foreseeing(BuiltinProvider):
    """Knows sizes; must not be started."""

    def __init__(self, sizes: TaskSizes | None) -> None:
        self._sizes = sizes

    def sizes(self, request):
        return self._sizes

    def make(self, request):
        raise StartedError


def agent():
    return BuiltinProvider().make(EnvRequest(TASK)).agent


def compared(sizes: TaskSizes | None) -> None:
    checkpoint = BuiltinProvider().pretrained_checkpoint(TASK)
    assert checkpoint is not None
    adapter = PluginManager().adapters.get("rsl-rl")
    compare_early(Foreseeing(sizes), EnvRequest(TASK), adapter, checkpoint)


@pytest.mark.parametrize(
    ("shape", "actions", "says"),
    [
        ((4,), 2, "observations: 30 in the checkpoint, 4 in the task"),
        ((30,), 7, "actions: 2 in the checkpoint, 7 in the task"),
    ],
)
def test_what_does_not_fit_is_refused(shape, actions, says):
    with pytest.raises(CheckpointError, match=says):
        compared(TaskSizes({"policy": shape}, actions, agent()))


@pytest.mark.parametrize("sizes", [None, TaskSizes(None, 7), TaskSizes({"policy": (30,)}, 2)])
def test_what_fits_or_is_not_known_goes_on(sizes):
    compared(sizes)
