"""Hooks are called as pluggy calls them, by plugin; what a plugin was built for, and every attribute, is checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from leapp_core import hookimpl
from leapp_core.errors import PluginError
from leapp_core.plugins.contract import check_contract
from leapp_core.plugins.environments import EnvironmentProvider, PolicyEnvironment
from leapp_core.plugins.exporters import Exporter
from leapp_core.plugins.manager import PluginInfo, PluginManager
from leapp_core.plugins.versions import API_VERSION
from tests.cli.invoke import leapp
from tests.plugins.test_broken_plugins import HOOK


def exporter(name: str, **attributes: Any) -> Exporter:
    given = {"name": name, "format": name, "suffix": ".x", "export": lambda self, request: None, **attributes}
    kind = type("Made", (Exporter,), given)
    made = kind()
    assert isinstance(made, Exporter)
    return made


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
        ("one", "LEAPP_PLUGIN_API is 'one', which is no version"),
        (1.0, "LEAPP_PLUGIN_API is 1.0, which is no version"),
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
        ({"export": lambda self: None}, r"method 'export' cannot be called as export\(request\): too many"),
        ({"export": lambda self, request, more: None}, r"as export\(request\): missing a required argument: 'more'"),
    ],
)
def test_every_attribute_and_method_of_a_contract_is_checked(attributes: dict[str, Any], said: str) -> None:
    with pytest.raises(PluginError, match=said):
        check_contract(exporter(**{"name": "mine", **attributes}), Exporter, "backend")


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
