"""Decide everything about an export before any work is done, so that what cannot work fails at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leapp_core.errors import ExportError, UsageError
from leapp_core.export.contents import reserved_names
from leapp_core.plugins.exporters import Exporter, NodeProgram
from leapp_core.plugins.manager import PluginManager
from leapp_core.spec.check import check_wiring
from leapp_core.spec.names import check_name, file_stem
from leapp_core.spec.problems import raise_problems

if TYPE_CHECKING:
    from leapp_core.tracing.result import BackendChoice, CapturedPipeline


@dataclass(frozen=True)
class NodePlan:
    """How one node is exported.

    Attributes:
        node: Its name.
        program: What to export.
        exporter: With what.
        options: An instance of the exporter's ``options_type``.
        file: Name of the artifact in the bundle.
        provider: Distribution and version that ship the exporter.
    """

    node: str
    program: NodeProgram
    exporter: Exporter
    options: Any
    file: str
    provider: str


@dataclass(frozen=True)
class ExportPlan:
    """How a pipeline is exported.

    Attributes:
        graph: Stem of the bundle's files and name of its folder.
        nodes: In execution order.
    """

    graph: str
    nodes: tuple[NodePlan, ...]


def make_plan(
    captured: CapturedPipeline, plugins: PluginManager, backend: str, options: Mapping[str, Any] | None = None
) -> ExportPlan:
    """Choose and check a backend, options and a file for every node.

    Args:
        captured: What to export.
        plugins: Where backends come from.
        backend: For nodes that do not ask for one themselves.
        options: Options of ``backend``; a node that asks for a backend of its own gets only its own options.

    Raises:
        UsageError: unknown backend or option, a wrong value, or a name that a bundle cannot hold.
        MissingExtraError: a backend needs packages that are not installed.
        ExportError: a backend cannot express a node, or two nodes would share a file.
        BundleProblemsError: the captured wiring contradicts itself.
    """
    check_name(captured.name, "graph")
    raise_problems(f"{captured.name!r} (as captured)", check_wiring(captured.spec))
    graph = file_stem(captured.name)
    default = plugins.exporters.get(backend)
    # Parsed even if no node uses it: a misspelt option must not pass unnoticed.
    default.parse_options(options or {})
    nodes = tuple(
        _plan_node(captured.programs[node.name], captured.choices.get(node.name), plugins, backend, options or {})
        for node in captured.spec.nodes
    )
    _check_files(graph, nodes)
    return ExportPlan(graph, nodes)


def _plan_node(
    program: NodeProgram,
    choice: BackendChoice | None,
    plugins: PluginManager,
    backend: str,
    options: Mapping[str, Any],
) -> NodePlan:
    name = program.spec.name
    own = choice is not None and choice.name is not None
    try:
        entry = plugins.exporters.entry(choice.name if choice is not None and choice.name is not None else backend)
        given = {**({} if own else options), **(choice.options if choice is not None else {})}
        entry.item.require()
        parsed = entry.item.parse_options(given)
    except UsageError as error:
        raise UsageError(
            error.message, where=f"node {name!r}", expected=error.expected, fix=error.fix, code=error.code
        ) from error
    entry.item.check(program, parsed)
    provider = str(plugins.info(entry.owner))
    return NodePlan(name, program, entry.item, parsed, f"{file_stem(name)}{entry.item.suffix}", provider)


def _check_files(graph: str, nodes: tuple[NodePlan, ...]) -> None:
    # Compared without case: a bundle is also copied to file systems that do not tell cases apart.
    names = Counter(node.file.casefold() for node in nodes)
    names.update(name.casefold() for name in reserved_names(graph))
    for node in nodes:
        if names[node.file.casefold()] > 1:
            raise ExportError(
                f"node {node.node!r} would be written to {node.file!r}, which another file of the bundle uses",
                where=f"node {node.node!r}",
                fix="rename the node",
                code="X006",
            )
