"""Hooks are called as pluggy calls them, by plugin; what a plugin was built for, and every attribute, is checked."""

from __future__ import annotations

import inspect
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from leapp_core import hookimpl
from leapp_core.errors import PluginError
from leapp_core.plugins import contract as contract_module
from leapp_core.plugins.consumers import Consumer
from leapp_core.plugins.contract import check_contract
from leapp_core.plugins.environments import DeploymentEnvironment, EnvironmentProvider, PolicyEnvironment
from leapp_core.plugins.exporters import Exporter, ProgramPass
from leapp_core.plugins.manager import PluginInfo, PluginManager
from leapp_core.plugins.policies import LoadedPolicy, PolicyAdapter
from leapp_core.plugins.runners import Runner
from leapp_core.plugins.targets import Target
from leapp_core.plugins.versions import API_VERSION
from tests.cli.invoke import leapp
from tests.plugins.test_broken_plugins import HOOK


def exporter(name: str, **attributes: Any) -> Exporter:
    given = {"name": name, "format": name, "suffix": ".x", "export": lambda self, request: None, **attributes}
    kind = type("Made", (Exporter,), given)
    made = kind()
    assert isinstance(made, Exporter)
    return made


async def coroutine(self: Any, request: Any) -> None:
    """Nobody awaits it."""


def generator(self: Any, request: Any) -> Any:
    yield None


class Callable:
    def __call__(self, request: Any) -> None:
        pass


class Nothing:
    def __repr__(self) -> str:
        return "a thing of no use"


def manager(**plugins: object) -> PluginManager:
    made = PluginManager(load_entry_points=False)
    for name, plugin in plugins.items():
        made.register(plugin, name)
    return made


def facts(made: PluginManager, name: str) -> PluginInfo:
    return made.info(name)


def plugin(name: str, **how: Any) -> object:
    class Plugin:
        @hookimpl(**how)
        def leapp_register_exporters(self, registry: Any) -> None:
            registry.add(exporter(name))

    return Plugin()


def test_an_implementation_may_take_fewer_arguments() -> None:
    called = []

    class Fewer:
        @hookimpl
        def leapp_register_exporters(self) -> None:
            called.append("exporters")

        @hookimpl
        def leapp_artifact_written(self, node: str) -> None:
            called.append(node)

    made = manager(fewer=Fewer())
    assert list(made.exporters) == []
    assert made.notify("leapp_artifact_written", {"node": "policy", "artifact": None}) == ()
    assert called == ["exporters", "policy"]
    assert facts(made, "fewer").error is None


def test_wrappers_run_around_every_call() -> None:
    seen = []

    class Wrapper:
        @hookimpl(wrapper=True)
        def leapp_register_exporters(self, registry: Any) -> Any:
            seen.append("before")
            result = yield
            seen.append("after")
            return result

    made = manager(wrapper=Wrapper(), one=plugin("one"), two=plugin("two"))
    assert [(entry.item.name, entry.owner) for entry in made.exporters] == [("one", "one"), ("two", "two")]
    assert seen == ["before", "after"] * 2


def test_wrappers_run_where_no_plugin_implements_the_hook() -> None:
    """As pluggy does it: who watches an export by a wrapper waits for nobody else to watch it, too."""
    seen: list[str] = []

    def watching(name: str) -> object:
        class Wrapper:
            @hookimpl(wrapper=True)
            def leapp_export_finished(self, graph: str) -> Any:
                seen.append(f"{name} before {graph}")
                result = yield
                seen.append(f"{name} after")
                return result

            @hookimpl(wrapper=True)
            def leapp_register_passes(self, registry: Any) -> Any:
                seen.append(f"{name} passes")
                return (yield)

        return Wrapper()

    made = manager(outer=watching("outer"), inner=watching("inner"))
    assert made.notify("leapp_export_finished", {"graph": "g", "bundle": Path()}) == ()
    assert seen == ["inner before g", "outer before g", "outer after", "inner after"]
    assert list(made.passes) == []
    assert seen[4:] == ["inner passes", "outer passes"]


def test_a_wrapper_alone_that_fails_is_named_and_the_others_run() -> None:
    seen = []

    class Failing:
        @hookimpl(wrapper=True)
        def leapp_export_finished(self) -> Any:
            raise RuntimeError("no licence")
            yield

    class Running:
        @hookimpl(wrapper=True)
        def leapp_export_finished(self) -> Any:
            seen.append("ran")
            return (yield)

    for plugins in ({"failing": Failing(), "running": Running()}, {"running": Running(), "failing": Failing()}):
        made = manager(**plugins)
        told = made.notify("leapp_export_finished", {"graph": "g", "bundle": Path()})
        assert told == ("plugin 'failing' failed and is left out: leapp_export_finished: RuntimeError: no licence",)
        assert facts(made, "failing").error == "leapp_export_finished: RuntimeError: no licence"
        assert facts(made, "running").error is None
        assert seen.pop() == "ran"
        seen.clear()


@pytest.mark.parametrize("late", [False, True])
def test_a_wrapper_that_fails_is_left_out_and_nobody_else(late: bool) -> None:
    class Wrapper:
        @hookimpl(wrapper=True)
        def leapp_register_exporters(self, registry: Any) -> Any:
            if not late:
                raise RuntimeError("no licence")
            result = yield
            raise RuntimeError("no licence")
            return result

    made = manager(wrapper=Wrapper(), one=plugin("one"), two=plugin("two"))
    assert [entry.item.name for entry in made.exporters] == ["one", "two"]
    assert facts(made, "wrapper").error == "leapp_register_exporters: RuntimeError: no licence"
    assert [facts(made, name).error for name in ("one", "two")] == [None, None]


def test_tryfirst_and_trylast_order_calls() -> None:
    called = []

    def watching(name: str, **how: Any) -> object:
        class Watch:
            @hookimpl(**how)
            def leapp_export_finished(self, graph: str) -> None:
                called.append(name)

        return Watch()

    made = manager(last=watching("last", trylast=True), first=watching("first", tryfirst=True), plain=watching("plain"))
    made.notify("leapp_export_finished", {"graph": "g", "bundle": Path()})
    assert called == ["first", "plain", "last"]


def test_who_comes_first_has_a_name_that_two_claim() -> None:
    made = manager(one=plugin("same"), two=plugin("same", tryfirst=True))
    assert [entry.owner for entry in made.exporters] == ["two"]
    assert "claimed twice: by two and by one" in str(facts(made, "one").error)
    assert facts(made, "two").error is None


def test_a_hook_that_does_not_exist_breaks_nothing() -> None:
    class Newer:
        @hookimpl
        def leapp_register_exporters(self, registry: Any) -> None:
            registry.add(exporter("newer"))

        @hookimpl
        def leapp_register_exportes(self, registry: Any) -> None:
            raise AssertionError("never called")

        @hookimpl(optionalhook=True)
        def leapp_register_everything(self, registry: Any) -> None:
            raise AssertionError("never called")

    made = manager(newer=Newer())
    assert [entry.item.name for entry in made.exporters] == ["newer"]
    assert facts(made, "newer").error is None
    assert facts(made, "newer").notes == (
        "implements hook 'leapp_register_exportes', which this version does not have; "
        "did you mean 'leapp_register_exporters'?",
    )


@pytest.mark.parametrize(
    ("stated", "error"),
    [
        ("1.0", None),
        (API_VERSION, None),
        ("2.0", "built for version 2.0 of the plugin API, this is version 1.0; install a release of the plugin for"),
        ("0.3", "built for version 0.3 of the plugin API, this is version 1.0; install a newer release"),
        ("one", "LEAPP_PLUGIN_API is 'one', which is not a version"),
        (1.0, "LEAPP_PLUGIN_API is 1.0, which is not a version"),
    ],
)
def test_a_plugin_says_what_it_was_built_for(stated: object, error: str | None) -> None:
    made_for = plugin("mine")
    type(made_for).LEAPP_PLUGIN_API = stated  # type: ignore[attr-defined]
    made = manager(mine=made_for)
    assert [entry.item.name for entry in made.exporters] == ([] if error else ["mine"])
    found = facts(made, "mine")
    assert found.incompatible == (error is not None)
    assert found.built_for == str(stated)
    assert (found.error or "").startswith(error or "")


def test_a_newer_minor_version_is_used_and_noted() -> None:
    made_for = plugin("mine")
    type(made_for).LEAPP_PLUGIN_API = "1.9"  # type: ignore[attr-defined]
    made = manager(mine=made_for)
    assert [entry.item.name for entry in made.exporters] == ["mine"]
    assert facts(made, "mine").notes == ("built for version 1.9 of the plugin API, this is 1.0",)


@pytest.mark.parametrize("imports", ["", "from leapp_core.plugins.of_the_future import Robot\n"])
def test_an_installed_plugin_of_another_version_is_listed_as_incompatible(install, imports: str) -> None:
    """Also if it cannot be imported, which is what its new major version is about."""
    hook = "@hookimpl\ndef leapp_register_exporters(registry): ...\n"
    install("future", 'LEAPP_PLUGIN_API = "2.1"\n' + HOOK + imports + hook)
    (line,) = [line for line in leapp("plugins", "list").out.splitlines() if line.startswith("future")]
    assert "incompatible: built for version 2.1 of the plugin API, this is version 1.0" in line
    (listed,) = [p for p in json.loads(leapp("plugins", "list", "--json").out)["plugins"] if p["name"] == "future"]
    assert (listed["incompatible"], listed["api"]) == (True, "2.1")
    assert "incompatible plugin 'future'" in leapp("backends", "list").out


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"name": 3}, r"'name' is 3, expected str"),
        ({"name": ""}, r"'name' is '', expected what users can type"),
        ({"aliases": "short"}, r"'aliases' is 'short', expected tuple\[str, \.\.\.\]"),
        ({"requires": ["torch"]}, r"'requires' is \['torch'\], expected tuple\[str, \.\.\.\]"),
        ({"requires": (1,)}, r"'requires' is \(1,\)"),
        ({"extra": 1}, r"'extra' is 1, expected str \| None"),
        ({"options_type": 1}, r"'options_type' is 1, expected type"),
        ({"options_type": dict}, r"'options_type' is <class 'dict'>, expected a dataclass"),
        ({"check": None}, r"'check' is None, expected a method check\(program, options\)"),
        ({"require": True}, r"'require' is True, expected a method require\(\)"),
        ({"export": property(lambda self: "file")}, r"'export' is 'file', expected a method export\(request\)"),
        ({"export": coroutine}, r"method 'export' is async, expected a plain one: nothing awaits it"),
        ({"export": generator}, r"method 'export' is a generator, expected one that returns WrittenArtifact"),
        ({"export": staticmethod(lambda: None)}, r"cannot be called as export\(request\): too many"),
        ({"export": classmethod(lambda cls: None)}, r"cannot be called as export\(request\): too many"),
        ({"export": partial(lambda request, more: None)}, r"as export\(request\): missing a required .* 'more'"),
        ({"export": lambda self: None}, r"method 'export' cannot be called as export\(request\): too many"),
        ({"export": lambda self, request, more: None}, r"as export\(request\): missing a required argument: 'more'"),
    ],
)
def test_every_attribute_and_method_of_a_contract_is_checked(attributes: dict[str, Any], said: str) -> None:
    with pytest.raises(PluginError, match=said):
        check_contract(exporter(**{"name": "mine", **attributes}), Exporter, "backend")


@pytest.mark.parametrize(
    "export",
    [
        lambda self, request: None,
        lambda self, *arguments: None,
        lambda self, request, more=1: None,
        staticmethod(lambda request: None),
        classmethod(lambda cls, request: None),
        partial(lambda request: None),
        Callable(),
    ],
)
def test_what_can_be_called_as_the_contract_says_is_a_method(export: Any) -> None:
    check_contract(exporter("mine", export=export), Exporter, "backend")


def test_a_method_that_an_object_has_of_its_own_is_checked() -> None:
    made = exporter("mine")
    made.check = None  # type: ignore[assignment, method-assign]
    with pytest.raises(PluginError, match="'check' is None, expected a method"):
        check_contract(made, Exporter, "backend")


def test_arguments_that_may_be_left_out_have_to_have_defaults() -> None:
    class Strict(LoadedPolicy):
        summary = "all of them"

        def act(self, observations: Any, session: Any, node: Any) -> Any:
            return observations

        def reset(self) -> None:
            pass

    with pytest.raises(PluginError, match=r"'act' cannot be called as act\(observations\): missing .* 'session'"):
        check_contract(Strict(), LoadedPolicy, "policy")


CONTRACTS = (Exporter, Runner, ProgramPass, PolicyAdapter, LoadedPolicy, Consumer, Target)
CONTRACTS += (EnvironmentProvider, PolicyEnvironment, DeploymentEnvironment)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.__name__)
def test_every_attribute_of_every_contract_has_a_type_that_can_be_checked(contract: type) -> None:
    assert {name: hint for name, hint in contract_module._hints(contract).items() if isinstance(hint, str)} == {}


def broken_by(contract: type, name: str) -> Any:
    """Return an object that is as the contract says but for one attribute or method."""
    given: dict[str, Any] = dict.fromkeys(contract.__abstractmethods__, lambda self, *arguments: None)
    kind = type("Made", (contract,), {**given, name: Nothing()})
    return object.__new__(kind)


@pytest.mark.parametrize(
    ("contract", "name"),
    [
        (contract, name)
        for contract in CONTRACTS
        if contract is not Target
        for name in (
            *contract_module._hints(contract),
            *(n for n, _ in inspect.getmembers(contract, inspect.isfunction) if not n.startswith("_")),
        )
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_each_attribute_and_method_of_each_contract_is_checked(contract: type, name: str) -> None:
    """Also where the attributes beside it are missing: a form sets them in ``__init__``."""
    item = broken_by(contract, name)
    for other in contract_module._hints(contract):
        if not hasattr(item, other):
            setattr(item, other, None)
    with pytest.raises(PluginError, match=rf"'{name}' is a thing of no use, expected"):
        check_contract(item, contract, "thing")


def test_what_an_environment_makes_is_checked_too() -> None:
    class Form(PolicyEnvironment):
        task, node, frequency, num_actions, agent, max_episode_steps = "T", "T", "50", 3, None, 100

        def observations(self) -> Any:
            return {}

        def reset(self, seed: int) -> None:
            pass

        def step(self, policy: Any, session: Any = None) -> Any:
            return None

    with pytest.raises(PluginError, match="'frequency' is '50', expected float"):
        check_contract(Form(), PolicyEnvironment, "training form of environment 'mine':")
    form = Form()
    form.frequency = 50
    check_contract(form, PolicyEnvironment, "training form")
    del Form.node
    with pytest.raises(PluginError, match="has no 'node'"):
        check_contract(form, PolicyEnvironment, "training form")


def test_providers_of_ours_keep_their_contract() -> None:
    for entry in PluginManager().environments:
        check_contract(entry.item, EnvironmentProvider, "environment")
