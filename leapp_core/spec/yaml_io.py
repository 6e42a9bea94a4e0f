"""Read and write a bundle's YAML text."""

from __future__ import annotations

from dataclasses import replace

from leapp_core.errors import BundleError
from leapp_core.spec.check import check_document
from leapp_core.spec.decode import decode
from leapp_core.spec.document import CONFIG_VERSION, BundleDocument
from leapp_core.spec.encode import encode
from leapp_core.spec.legacy import modernise
from leapp_core.spec.order import execution_order
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
    return read_located(data, name, source)[0]


def read_located(data: bytes, name: str, source: str | None = None) -> tuple[BundleDocument, Node]:
    """Return what :func:`read_document` does, and the text's values, which know their lines."""
    source = source or f"{name}.yaml"
    root = parse_yaml(data, source)
    _check_version(root, source)
    modernise(root)
    problems = list(check_structure(root, bundle_schema()))
    decoded = decode(root, name)
    problems += decoded.problems
    problems += [located(problem, root) for problem in check_document(decoded.document)]
    raise_problems(source, problems)
    pipeline = decoded.document.pipeline
    order = execution_order([node.name for node in pipeline.nodes], pipeline.data_flow)
    nodes = {node.name: node for node in pipeline.nodes}
    return replace(decoded.document, pipeline=replace(pipeline, nodes=tuple(nodes[key] for key in order))), root


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
        )
