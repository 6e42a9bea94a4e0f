"""``leapp doctor``: can an export work here, and what is missing?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import typer

from leapp_core.cli.options import JsonFlag, examples, plugins_of
from leapp_core.cli.render import show, show_json
from leapp_core.cli.views import Line, View, fields, table
from leapp_core.errors import MissingExtraError
from leapp_core.plugins.markers import hookimpl


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add ``doctor``."""
    app.command("doctor", epilog=examples("leapp doctor", "leapp doctor --json"))(doctor)


def doctor(context: typer.Context, as_json: JsonFlag = False) -> None:
    """Say whether an export can work here, and what is missing.

    For all that is missing or broken it shows the line that fixes it. Packages that an export needs are imported in a
    process of their own; simulators and trainers are looked for only. Leaves with code 4 if no export can work.
    """
    from leapp_core.cli.doctor_facts import doctor_facts

    facts = doctor_facts(plugins_of(context))
    if as_json:
        show_json(facts)
    else:
        show(*_views(facts))
    blocking = [trouble for trouble in facts["troubles"] if trouble["blocks_export"]]
    if blocking:
        raise MissingExtraError(f"no export can work here: {blocking[0]['what']}", fix=blocking[0]["fix"], code="P004")


def _views(facts: Mapping[str, Any]) -> list[View]:
    head = {
        "leapp": facts["leapp"] or "not installed",
        "Python": f"{facts['python']} ({facts['executable']})",
        "platform": facts["platform"],
        "execution providers": ", ".join(facts["providers"]) or "none: ONNX Runtime does not work",
        "GPU": ", ".join(facts["gpus"]) or "none that PyTorch can use",
        "pictures by": facts["graphviz"] or "nothing: no Graphviz",
    }
    packages = (
        (p["name"], p["version"] or "", p["supported"], p["state"], _wanted_for(p["extras"])) for p in facts["packages"]
    )
    plugins = ((p["name"], p["status"], f"{p['distribution']} {p['version']}".strip()) for p in facts["plugins"])
    platforms = ((p["platform"], p["state"], p["obstacles"]) for p in facts["platforms"])
    return [
        fields(head),
        Line(""),
        table("Packages", ("package", "installed", "supported", "state", "for"), packages),
        Line(""),
        _things(facts),
        Line(""),
        table("Plugins", ("plugin", "status", "provided by"), plugins),
        Line(""),
        table("Platforms", ("platform", "LEAPP there", "known obstacles"), platforms),
        Line(""),
        *_verdict(facts),
    ]


def _wanted_for(extras: list[str]) -> str:
    """Return which extra asks for a package; all others ask for what an export needs too."""
    return "export" if "export" in extras else ", ".join(extras) or "every use"


def _things(facts: Mapping[str, Any]) -> View:
    """Return what can be exported with, from where, and whether it can be used here."""
    kinds = (("backend", "backends"), ("environment", "environments"), ("adapter", "adapters"))
    rows = [(item["name"], kind, _usable(item)) for kind, key in kinds for item in facts[key]]
    return table("What can be used here", ("name", "what it is", "usable"), rows)


def _usable(item: Mapping[str, Any]) -> str:
    if item["usable"]:
        return "yes"
    return f"no: {item['why_not']}" + (f"; {item['install']}" if item["install"] else "")


def _verdict(facts: Mapping[str, Any]) -> Iterable[View]:
    for trouble in facts["troubles"]:
        blocks = trouble["blocks_export"]
        yield Line(f"{'wrong' if blocks else 'note'}: {trouble['what']}", style="red" if blocks else "yellow")
        yield Line(f"{'fix:':>11} {trouble['fix']}")
    if facts["can_export"]:
        yield Line("an export can work here", style="green")
