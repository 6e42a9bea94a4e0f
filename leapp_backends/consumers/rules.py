"""Rules that several consumers share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from leapp_core.plugins.consumers import ConsumedBundle, Finding, PortAt, Rule, ports_of
from leapp_core.spec.port import TEMPORAL_AXIS
from leapp_core.words import counted

PortCheck = Callable[[PortAt], tuple[str, str] | None]
"""Returns what is wrong with a port and what to do, or ``None``."""


def port_rule(name: str, fact: str, check: PortCheck, *, blocks: bool = True) -> Rule:
    """Return a rule that looks at one port at a time."""

    def run(bundle: ConsumedBundle) -> Iterator[Finding]:
        for port in ports_of(bundle.document):
            wrong = check(port)
            if wrong is not None:
                yield Finding(*wrong, port, blocks)

    return Rule(name, fact, run)


def one_node() -> Rule:
    """The consumer takes bundles of a single node."""

    def run(bundle: ConsumedBundle) -> Iterable[Finding]:
        count = len(bundle.document.pipeline.nodes)
        if count != 1:
            yield Finding(
                f"the bundle has {counted(count, 'node')}", "declare one node, from the readings to the targets"
            )

    return Rule("one-node", "it takes bundles of a single node", run)


def onnx_artifacts() -> Rule:
    """The consumer runs ONNX files."""

    def run(bundle: ConsumedBundle) -> Iterable[Finding]:
        for node, artifact in bundle.document.artifacts.items():
            if artifact.format != "onnx":
                yield Finding(f"node {node!r} is a {artifact.format!r} file", "export with --backend onnx-dynamo")

    return Rule("onnx", "it runs ONNX files", run)


def fixed_shapes() -> Rule:
    """The consumer reads shapes as integers."""

    def check(port: PortAt) -> tuple[str, str] | None:
        named = [size for size in port.spec.shape if isinstance(size, str)]
        return (f"size {named[0]!r} is symbolic", "export without --dynamic-batch") if named else None

    return port_rule("fixed-shapes", "it refuses the whole file if a size is no integer", check)


def listed_axes() -> Rule:
    """The consumer reads every axis of element names as a list."""

    def check(port: PortAt) -> tuple[str, str] | None:
        if None not in (port.spec.element_names or ()):
            return None
        return "an axis without names is written as null", "export again: such axes are written [] now"

    return port_rule("listed-axes", "it refuses the whole file if an axis without names is null instead of []", check)


def no_temporal_axis(fix: str) -> Rule:
    """The consumer knows no temporal axis."""

    def check(port: PortAt) -> tuple[str, str] | None:
        if TEMPORAL_AXIS not in (port.spec.element_names or ()):
            return None
        return "it has a temporal axis", fix

    return port_rule("no-temporal-axis", "it refuses the whole file if an axis is written as a temporal one", check)
