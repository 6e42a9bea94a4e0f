"""Tasks of other projects are found by the module that registers them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest

from leapp_core import hookimpl
from leapp_core.errors import UsageError
from leapp_core.plugins.environments import EnvironmentProvider, TaskInfo
from leapp_core.plugins.manager import PluginManager
from leapp_core.policy_export.origin import Origin
from leapp_core.policy_export.tasks import find_provider
from leapp_rsl_rl.environments.builtin.catalog import find_task
from leapp_rsl_rl.environments.isaaclab.provider import IsaacLabProvider
from leapp_rsl_rl.environments.mjlab.provider import MjlabProvider
from tests.cli.invoke import leapp

SOURCE = """
import registry
registry.TASKS.append("My-Task")
register_mjlab_task(task_id="My-Mjlab-Task")
gymnasium.register(id="My-Isaac-Task")
"""


class Registry(EnvironmentProvider):
    """Tasks are what was registered in this process, as gymnasium and mjlab have it."""

    name: ClassVar[str] = "registry"
    light: ClassVar[bool] = True

    def tasks(self) -> tuple[TaskInfo, ...]:
        return tuple(map(TaskInfo, sys.modules["registry"].TASKS)) if "registry" in sys.modules else ()

    def make(self, request: Any) -> Any:
        raise AssertionError("not asked to")

    def deploy(self, request: Any, document: Any) -> Any:
        raise AssertionError("not asked to")


class Listing(Registry):
    def tasks_of(self, modules: tuple[str, ...]) -> tuple[TaskInfo, ...]:
        return (TaskInfo("My-Task"),) if "my_tasks" in modules else ()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A project in the current folder, which is not on the path."""
    (tmp_path / "registry.py").write_text("TASKS = []\ndef register_mjlab_task(**_): pass\n")
    (tmp_path / "my_tasks.py").write_text("import registry\nregistry.TASKS.append('My-Task')\n")
    (tmp_path / "faulty_tasks.py").write_text("raise ImportError('no module named simulator')\n")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in ("registry", "my_tasks", "faulty_tasks"):
        sys.modules.pop(name, None)


def plugins(provider: EnvironmentProvider) -> PluginManager:
    class Plugin:
        @hookimpl
        def leapp_register_environments(self, registry: Any) -> None:
            registry.add(provider)

    made = PluginManager(load_entry_points=False)
    made.register(Plugin(), "mine")
    return made


def test_a_module_in_the_current_folder_registers_a_task(project: Path) -> None:
    provider = find_provider("My-Task", "registry", plugins(Registry()), ("my_tasks",))
    assert [task.name for task in provider.tasks()] == ["My-Task"]
    assert str(project) not in sys.path


def test_what_a_provider_can_tell_needs_no_env(project: Path) -> None:
    provider = find_provider("My-Task", None, plugins(Listing()), ("my_tasks",))
    assert [task.name for task in provider.tasks()] == ["My-Task"], "it was imported, too"
    with pytest.raises(UsageError, match="unknown task 'Other-Task'") as told:
        find_provider("Other-Task", None, plugins(Listing()))
    assert "--import MODULE" in str(told.value.fix)


@pytest.mark.parametrize(
    ("module", "said"),
    [("absent_tasks", "No module named 'absent_tasks'"), ("faulty_tasks", "ImportError: no module named simulator")],
)
def test_a_module_that_cannot_be_imported_is_named(project: Path, module: str, said: str) -> None:
    with pytest.raises(UsageError, match=rf"--import {module}: the module cannot be imported: .*{said}"):
        find_provider("My-Task", "registry", plugins(Registry()), (module,))


def test_simulators_find_tasks_in_source_without_importing(project: Path) -> None:
    (project / "my_tasks.py").write_text(SOURCE)
    names = {
        type(p).__name__: [t.name for t in p.tasks_of(("my_tasks", "absent"))]
        for p in (MjlabProvider(), IsaacLabProvider())
    }
    assert names == {"MjlabProvider": ["My-Mjlab-Task"], "IsaacLabProvider": ["My-Isaac-Task"]}
    assert "my_tasks" not in sys.modules
    facts = json.loads(leapp("envs", "list", "mjlab", "--import", "my_tasks", "--json").out)["environments"]
    assert "My-Mjlab-Task" in [task["name"] for task in facts[0]["tasks"]]


def test_a_bundle_notes_the_modules() -> None:
    assert Origin("registry", "My-Task", imports=("my_tasks",)).to_configs()["imports"] == ["my_tasks"]
    assert "imports" not in Origin("registry", "My-Task").to_configs()


ARM_PLUGIN = """
import dataclasses, sys
from leapp_core import hookimpl
from leapp_core.errors import UsageError
from leapp_core.plugins.environments import TaskInfo
from leapp_rsl_rl.environments.builtin.provider import BuiltinProvider

class Arms(BuiltinProvider):
    name = "arms"
    def registered(self):
        return sys.modules["registry"].TASKS if "registry" in sys.modules else []
    def tasks(self):
        return (TaskInfo("Arm"), *map(TaskInfo, self.registered()))
    def _own(self, request):
        if request.task not in ("Arm", *self.registered()):
            raise UsageError(f"unknown task {request.task!r}")
        return dataclasses.replace(request, task="Builtin-Reach-Arm")
    def sizes(self, request):
        return super().sizes(self._own(request))
    def make(self, request):
        return super().make(self._own(request))
    def deploy(self, request, document):
        return super().deploy(self._own(request), document)

@hookimpl
def leapp_register_environments(registry):
    registry.add(Arms())
"""


@pytest.mark.slow
def test_the_kit_checks_a_task_of_ones_own_project(project: Path, install: Any) -> None:
    install("leapp_arms", ARM_PLUGIN)
    done = leapp("envs", "test", "arms", "--import", "my_tasks", "--json")
    facts = json.loads(done.out)
    assert (facts["task"], [check for check in facts["checks"] if not check["ok"]]) == ("My-Task", [])
    assert len(facts["checks"]) == 6


def test_the_kit_says_how_to_name_a_task_of_ones_own_project(project: Path, install: Any) -> None:
    install("leapp_arms", ARM_PLUGIN)
    done = leapp("envs", "test", "arms", "--task", "My-Task")
    assert (done.code, "--import MODULE" in done.err) == (2, True), done.err
    done = leapp("envs", "test", "arms", "--task", "My-Task", "--import", "absent_tasks")
    assert "--import absent_tasks: the module cannot be imported" in done.err


@pytest.mark.slow
def test_a_checkpoint_is_checked_in_a_task_of_ones_own_project(project: Path, install: Any) -> None:
    install("leapp_arms", ARM_PLUGIN)
    checkpoint = str(find_task("Builtin-Reach-Arm").checkpoint)
    given = ("adapters", "test", "rsl-rl", "--checkpoint", checkpoint, "--task", "My-Task", "--env", "arms", "--json")
    assert leapp(*given).code != 0
    done = leapp(*given, "--import", "my_tasks")
    assert [check for check in json.loads(done.out)["checks"] if not check["ok"]] == []
