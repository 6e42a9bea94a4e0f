"""From a YAML document, possibly a faulty one, to values, skipping what makes no sense so that all problems show."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from leapp_core.errors import UsageError
from leapp_core.spec.document import ArtifactRef, BundleDocument, FileRef
from leapp_core.spec.dtypes import DTYPES
from leapp_core.spec.names import PortRef
from leapp_core.spec.pipeline import Edge, GraphConfigs, NodeSpec, PipelineSpec
from leapp_core.spec.port import Dim, PortSpec
from leapp_core.spec.problems import Path, Problem
from leapp_core.spec.semantics import PORT_KEYS, normalise_element_names
from leapp_core.spec.yaml_nodes import Node

_NOTHING = Node(None, 0)
_PARAMETERS = frozenset({"model_path", "backend", "sha256sum", "md5sum", "data_files"})
_CONFIG_KEYS = frozenset({"frequency"})


@dataclass
class Decoded:
    """A document and what did not make sense in it."""

    document: BundleDocument
    problems: list[Problem] = field(default_factory=list)


def decode(root: Node, name: str) -> Decoded:
    """Return what a document says; nodes stay in file order.

    Args:
        root: The parsed file; :func:`leapp_core.spec.structure.check_structure` reports wrong types in it.
        name: Graph name.
    """
    problems: list[Problem] = []
    models = _mapping(root, "models")
    nodes = tuple(_node(key, model, problems) for key, model in models.items())
    pipeline = _get(root, "pipeline")
    validation = _get(root, "validation")
    document = BundleDocument(
        name=name,
        pipeline=PipelineSpec(
            nodes=nodes,
            data_flow=_edges(pipeline, "data_flow"),
            feedback=_edges(pipeline, "feedback_flow"),
            inputs=_ports(pipeline, "inputs"),
            outputs=_ports(pipeline, "outputs"),
            configs=_configs(_get(pipeline, "configs")),
            shared_inputs=_edges(pipeline, "shared_inputs"),
        ),
        artifacts={key: _artifact(_get(model, "parameters")) for key, model in models.items()},
        initial_values=_text(pipeline, "initial_values"),
        initial_values_sha256=_text(pipeline, "initial_values_sha256sum"),
        validation=FileRef(_text(validation, "samples") or "", _text(validation, "sha256sum") or "")
        if isinstance(validation.value, dict)
        else None,
        system_information=_get(root, "system information").plain() or {},
    )
    return Decoded(document, problems)


def _get(node: Node, key: str) -> Node:
    return node.value.get(key, _NOTHING) if isinstance(node.value, dict) else _NOTHING


def _mapping(node: Node, key: str) -> dict[str, Node]:
    value = _get(node, key).value
    return value if isinstance(value, dict) else {}


def _list(node: Node, key: str) -> list[Node]:
    value = _get(node, key).value
    return value if isinstance(value, list) else []


def _text(node: Node, key: str) -> str | None:
    found = _get(node, key)
    return None if found.value is None else found.text


def _words(node: Node) -> Any:
    """Return names as they are spelt: an unquoted number is a name where names are meant."""
    if isinstance(node.value, list):
        return [_words(item) for item in node.value]
    return node.text if node.value is not None and not isinstance(node.value, dict) else None


def _node(name: str, model: Node, problems: list[Problem]) -> NodeSpec:
    sides = [
        tuple(
            _port(port, ("models", name, side, index), problems)
            for index, port in enumerate(_list(model, side))
            if isinstance(port.value, dict)
        )
        for side in ("inputs", "outputs")
    ]
    return NodeSpec(name, *sides)


def _port(node: Node, path: Path, problems: list[Problem]) -> PortSpec:
    dtype = _text(node, "dtype") or ""
    shape = _shape(node)
    period = _get(node, "temporal_period_ms").value
    period = period if isinstance(period, (int, float)) else None
    names = None
    try:
        names, period = normalise_element_names(_words(_get(node, "element_names")), _text(node, "name") or "?", period)
    except UsageError as error:
        problems.append(Problem(error.message, (*path, "element_names"), _get(node, "element_names").line))
    return PortSpec(
        name=_text(node, "name") or "",
        # A faulty dtype or shape is reported by the structure check and must not cause further problems.
        dtype=dtype if dtype in DTYPES and shape is not None else "",
        shape=shape or (),
        kind=_text(node, "kind"),
        element_names=names,
        temporal_period_ms=period,
        extra={key: item.plain() for key, item in node.value.items() if key not in PORT_KEYS},
    )


def _shape(port: Node) -> tuple[Dim, ...] | None:
    sizes = [item.value for item in _list(port, "shape")]
    good = all(isinstance(size, (int, str)) and not isinstance(size, bool) for size in sizes)
    return tuple(sizes) if good and isinstance(_get(port, "shape").value, list) else None


def _artifact(parameters: Node) -> ArtifactRef:
    further = parameters.value if isinstance(parameters.value, dict) else {}
    return ArtifactRef(
        path=str(PurePosixPath(_text(parameters, "model_path") or "")) if _text(parameters, "model_path") else "",
        format=_text(parameters, "backend") or "",
        sha256=(_text(parameters, "sha256sum") or "").lower(),
        md5=_text(parameters, "md5sum"),
        parameters={key: item.plain() for key, item in further.items() if key not in _PARAMETERS},
        data=tuple(
            FileRef(str(PurePosixPath(name)), (item.text or "").lower())
            for name, item in _mapping(parameters, "data_files").items()
        ),
    )


def _reference(text: str | None) -> PortRef:
    node, _, port = (text or "").partition("/")
    return PortRef(node, port)


def _edges(pipeline: Node, key: str) -> tuple[Edge, ...]:
    return tuple(
        Edge(_reference(source), _reference(target.text))
        for source, targets in _mapping(pipeline, key).items()
        if isinstance(targets.value, list)
        for target in targets.value
    )


def _ports(pipeline: Node, key: str) -> tuple[PortRef, ...]:
    return tuple(
        PortRef(node, port.text or "")
        for node, ports in _mapping(pipeline, key).items()
        if isinstance(ports.value, list)
        for port in ports.value
    )


def _configs(node: Node) -> GraphConfigs:
    values: dict[str, Any] = node.plain() if isinstance(node.value, dict) else {}
    frequency = values.get("frequency")
    known = isinstance(frequency, (int, float)) and not isinstance(frequency, bool)
    return GraphConfigs(
        frequency=float(frequency) if known and frequency is not None else None,
        extra={key: value for key, value in values.items() if key not in _CONFIG_KEYS},
    )
