"""What a consumer is: a runtime or tool outside this project that reads bundles, and what it takes. Torch-free."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from leapp_core.spec.document import BundleDocument
from leapp_core.spec.names import PortRef
from leapp_core.spec.port import PortSpec


@dataclass(frozen=True)
class ConsumedBundle:
    """A bundle as a consumer meets it.

    Attributes:
        document: What the YAML file says.
        folder: Where it and the artifacts are.
    """

    document: BundleDocument
    folder: Path


@dataclass(frozen=True)
class PortAt:
    """One port of a bundle and where it is.

    Attributes:
        ref: Node and port.
        spec: The port.
        is_input: Whether it is an input of its node.
        outside: Fed from outside, or returned to outside.
        state: Carried to the next step, at either end.
    """

    ref: PortRef
    spec: PortSpec
    is_input: bool
    outside: bool
    state: bool


@dataclass(frozen=True)
class Finding:
    """One thing about a bundle that its user has to know before handing it to a consumer.

    Attributes:
        message: What is the case, in one sentence.
        fix: What to do about it.
        port: The port it concerns; ``None`` for the whole bundle.
        blocks: The consumer refuses the bundle or runs it wrong; otherwise something is left to do by hand.
        rule: Name of the rule that found it.
    """

    message: str
    fix: str
    port: PortAt | None = None
    blocks: bool = True
    rule: str = ""


@dataclass(frozen=True)
class Rule:
    """One fact about a consumer.

    Attributes:
        name: Short name, ``float32-state``.
        fact: What the consumer does, in one sentence.
        check: Yields where a bundle is at odds with it.
    """

    name: str
    fact: str
    check: Callable[[ConsumedBundle], Iterable[Finding]]


class Consumer(ABC):
    """Something that reads bundles.

    Attributes:
        name: What users type after ``--consumer``.
        aliases: Other names users know it by.
        summary: One line for listings.
        evidence: How its rules are known: a version that was run, or sources that were read.
    """

    name: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()
    summary: ClassVar[str] = ""
    evidence: ClassVar[str] = ""

    @abstractmethod
    def rules(self) -> tuple[Rule, ...]:
        """Return what is known about the consumer, one rule per fact."""

    def serves(self, port: PortAt) -> str:
        """Return how the consumer feeds or uses a port that no rule objects to, for the table of ports."""
        return "yes"


def check_consumer(consumer: Consumer, bundle: ConsumedBundle) -> tuple[Finding, ...]:
    """Return what the rules of a consumer find in a bundle, in order of the rules."""
    return tuple(
        Finding(found.message, found.fix, found.port, found.blocks, rule.name)
        for rule in consumer.rules()
        for found in rule.check(bundle)
    )


def judged(consumer: Consumer, bundle: ConsumedBundle) -> tuple[Finding, ...]:
    """Return what :func:`check_consumer` does; of a consumer that fails, that it does, and how.

    Who exports or looks at a bundle has not asked for this consumer: a defect of its plugin takes nothing else down.
    """
    try:
        return check_consumer(consumer, bundle)
    except Exception as error:  # noqa: BLE001 - whatever a plugin does
        return (
            Finding(
                f"consumer {consumer.name!r} failed ({type(error).__name__}: {error}), so what it takes is not known",
                "report it to the authors of the plugin that it comes from (leapp consumers list names it)",
                rule="the plugin's own code",
            ),
        )


def ports_of(document: BundleDocument) -> tuple[PortAt, ...]:
    """Return every port of a bundle, inputs of a node before its outputs."""
    pipeline = document.pipeline
    ends = {
        True: {edge.target for edge in pipeline.feedback},
        False: {edge.source for edge in pipeline.feedback},
    }
    found = []
    for node in pipeline.nodes:
        for is_input, ports, listed in ((True, node.inputs, pipeline.inputs), (False, node.outputs, pipeline.outputs)):
            for port in ports:
                ref = PortRef(node.name, port.name)
                found.append(PortAt(ref, port, is_input, ref in listed, ref in ends[is_input]))
    return tuple(found)
