"""Read and write a bundle's YAML text."""

from __future__ import annotations

from dataclasses import dataclass, replace

from leapp_core.errors import BundleError
from leapp_core.spec.check import check_document
from leapp_core.spec.decode import decode
from leapp_core.spec.document import CONFIG_VERSION, BundleDocument
from leapp_core.spec.encode import encode
from leapp_core.spec.legacy import modernise
from leapp_core.spec.order import execution_order, find_cycle
from leapp_core.spec.plain import check_plain
from leapp_core.spec.problems import Problem, raise_problems
from leapp_core.spec.schema import bundle_schema
from leapp_core.spec.structure import check_structure
from leapp_core.spec.yaml_nodes import Node, parse_yaml
from leapp_core.spec.yaml_text import dump


def read_document(data: bytes, name: str, source: str | None = None) -> BundleDocument:
    """Return what a bundle's YAML text says, nodes in execution order whatever their order in the text.

    Args:
        data: The text.
        name: Graph name, which is the file's stem.
        source: File name for messages.

    Raises:
        BundleError: written for a newer major version of the format.
        BundleProblemsError: listing everything that is wrong with it, with lines.
    """
    found = examine(data, name, source)
    raise_problems(source or f"{name}.yaml", found.problems)
    return found.document


@dataclass(frozen=True)
class Examined:
    """A document that was understood as far as possible.

    Attributes:
        document: What it says, nodes in execution order unless there is none.
        root: The text's values, which know their lines.
        problems: Everything that is wrong with it, with lines.
    """

    document: BundleDocument
    root: Node
    problems: tuple[Problem, ...]


def examine(data: bytes, name: str, source: str | None = None) -> Examined:
    """Read a document without stopping at what is wrong with it.

    Args:
        data: The text.
        name: Graph name.
        source: File name for messages.

    Raises:
        BundleError: written for a newer major version of the format.
        BundleProblemsError: it is no YAML that can be looked into.
    """
    source = source or f"{name}.yaml"
    root = parse_yaml(data, source)
    _check_version(root, source)
    modernise(root)
    decoded = decode(root, name)
    problems = [*check_structure(root, bundle_schema()), *decoded.problems]
    problems += [located(problem, root) for problem in check_document(decoded.document)]
    return Examined(_in_order(decoded.document), root, tuple(problems))


def _in_order(document: BundleDocument) -> BundleDocument:
    pipeline = document.pipeline
    names = [node.name for node in pipeline.nodes]
    if find_cycle(names, pipeline.data_flow):
        return document
    nodes = {node.name: node for node in pipeline.nodes}
    order = execution_order(names, pipeline.data_flow)
    return replace(document, pipeline=replace(pipeline, nodes=tuple(nodes[name] for name in order)))


def write_document(document: BundleDocument) -> str:
    """Return the YAML text of a document; equal documents give equal text.

    Raises:
        BundleProblemsError: the document contradicts itself and could not be read back.
        UsageError: it holds values that YAML cannot.
    """
    raise_problems(f"{document.name}.yaml", check_document(document))
    plain: dict[str, object] = check_plain(encode(document), document.name)
    return dump(plain)


def located(problem: Problem, root: Node) -> Problem:
    """Return a problem with the line of its place."""
    return replace(problem, line=root.at(problem.path).line)


def _check_version(root: Node, source: str) -> None:
    """Refuse a newer major version before complaining about anything else in it."""
    node = root.at(("system information", "leapp config version"))
    major = (node.text or "").split(".")[0]
    if major.isdecimal() and int(major[:9]) > int(CONFIG_VERSION.split(".")[0]):
        raise BundleError(
            f"{source} is written in config version {(node.text or '')[:20]}, which is newer than this program knows",
            where=f"{source}, line {node.line}",
            expected=f"config version {CONFIG_VERSION.split('.')[0]}.x",
            fix="update leapp-framework, or export the bundle again with this version",
            code="B005",
        )
