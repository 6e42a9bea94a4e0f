"""Write ``report.html``: template, style, script and charts in one file."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from leapp_core.bundle import LoadedBundle, load_document, read_report
from leapp_core.errors import LeappError
from leapp_core.plugins.manager import PluginManager
from leapp_core.plugins.requirements import require
from leapp_core.report.content import page_content
from leapp_core.report.readers import consumers_of, targets_of
from leapp_core.report.series import play
from leapp_core.validation.episodes import Episode, check_complete, read_episodes

FILE = "report.html"


def write_report(bundle: str | Path, plugins: PluginManager, *, source: bool = True, trust: bool = False) -> Path:
    """Write the page of a bundle into its folder and return the file.

    Args:
        bundle: Folder or YAML file.
        plugins: Where runners come from, to run the bundle over its recorded values.
        source: Show lines of the user's code beside what was captured from them.
        trust: The caller vouches for artifacts that can hold code.

    Raises:
        BundleError: the bundle is damaged; every problem is listed.
        MissingExtraError: the packages that pages are made with are missing.
    """
    loaded = load_document(bundle)
    path = loaded.folder / FILE
    fresh = path.with_name(f".{FILE}.new")
    fresh.write_text(render_page([loaded], plugins, source=source, trust=trust), encoding="utf-8")
    fresh.replace(path)
    return path


def render_page(
    bundles: Sequence[LoadedBundle],
    plugins: PluginManager,
    *,
    source: bool = True,
    trust: bool = False,
    bench: Sequence[dict[str, Any]] = (),
) -> str:
    """Return the page of one bundle, or of several below each other with what differs at the top.

    Args:
        bundles: What to show.
        plugins: Where runners come from.
        source: Show lines of the user's code.
        trust: The caller vouches for artifacts that can hold code.
        bench: Measured step times by bundle, where they were asked for.

    Raises:
        MissingExtraError: jinja2 is missing.
    """
    require("a report page", ("jinja2",), "export")
    import jinja2
    import markupsafe

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    template = environment.from_string(_asset("report.html.j2"))
    entries = [_entry(bundle, plugins, source=source, trust=trust) for bundle in bundles]
    for entry, times in zip(entries, bench, strict=False):
        entry["bench"] = times
    return template.render(
        title=" and ".join(str(entry["name"]) for entry in entries),
        bundles=entries,
        compared=_compared(entries),
        data=[entry.pop("series") for entry in entries],
        style=_asset("uPlot.min.css") + _asset("report.css"),
        charts=_asset("uPlot.iife.min.js"),
        script=_asset("report.js"),
        trusted=markupsafe.Markup,
    )


def _entry(bundle: LoadedBundle, plugins: PluginManager, *, source: bool, trust: bool) -> dict[str, Any]:
    report = read_report(bundle.folder)
    episodes: tuple[Episode, ...] = ()
    if bundle.document.validation is not None:
        episodes = read_episodes(bundle.folder / bundle.document.validation.path)
    content = page_content(bundle, report, episodes, source=source)
    series, note = _series(bundle, episodes, plugins, trust=trust)
    loop = report.get("closed_loop")
    consumers = consumers_of(bundle, plugins)
    trace = loop.get("trace") if isinstance(loop, dict) else None
    return {
        **content,
        "picture": _picture(bundle),
        "series": {"episodes": series, "closed_loop": trace if isinstance(trace, dict) else None},
        "chart_note": note,
        "consumers": consumers,
        "left_to_do": any(consumer["left"] for consumer in consumers),
        "targets": targets_of(bundle, report, plugins),
        "bench": None,
    }


def _series(
    bundle: LoadedBundle, episodes: Sequence[Episode], plugins: PluginManager, *, trust: bool
) -> tuple[list[dict[str, Any]], str]:
    from leapp_core.runtime import load

    if not episodes:
        return [], "The bundle holds no recorded values, so there are no curves."
    try:
        check_complete(episodes, bundle.document.pipeline)
        runtime = load(bundle.yaml_path, plugins=plugins, trust=trust, full_names=True)
        return play(runtime, episodes), ""
    except LeappError as error:
        return [], f"The bundle was not run, so there are no curves: {error.in_short()}"


def _picture(bundle: LoadedBundle) -> str:
    """Return the pipeline as a data address, drawn anew from the document; empty without Graphviz.

    As an image, nothing in it can run, whatever a foreign bundle calls its ports.
    """
    from leapp_core.visualize import render

    with tempfile.TemporaryDirectory() as folder:
        try:
            written = render(
                bundle.document, Path(folder), "picture", initial_values=bundle.initial_values, formats=("svg",)
            )
        except LeappError:
            return ""
        return "data:image/svg+xml;base64," + base64.b64encode(written[0].read_bytes()).decode("ascii")


def _compared(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what differs between several bundles, one row each."""
    if len(entries) < 2:
        return []
    rows = [
        {"what": "verdict", "values": [entry["verdict"]["text"] for entry in entries]},
        {"what": "frequency", "values": [str(entry["frequency"]) for entry in entries]},
        {"what": "size", "values": [", ".join(node["size"] for node in entry["nodes"]) for entry in entries]},
        {"what": "operators", "values": [str(sum(n["count"] for n in entry["nodes"])) for entry in entries]},
        {"what": "states", "values": [str(len(entry["states"])) for entry in entries]},
    ]
    for side in ("inputs", "outputs"):
        names = list(dict.fromkeys(port["name"] for entry in entries for port in entry[side]))
        for name in names:
            sizes = [next((p["size"] for p in entry[side] if p["name"] == name), "missing") for entry in entries]
            rows.append({"what": f"{side[:-1]} {name}", "values": sizes})
    return [{**row, "same": len(set(row["values"])) == 1} for row in rows]


def _asset(name: str) -> str:
    return files("leapp_core.report").joinpath("assets").joinpath(name).read_text(encoding="utf-8")
