"""What a target is: an engine that a bundle's models will run in, and what its files may hold. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """An engine that a bundle is written for.

    Attributes:
        name: What ``leapp export --target`` takes.
        summary: One line for listings.
        opset: Newest ONNX operator set that it reads; files are written in it. The version of the file format follows
            from it: the oldest that holds the operators.
        evidence: How this is known: the version that files were loaded in, or whose published list was read.
        aliases: Other names users know it by.
        operators: Operators it knows; ``None`` if it has all of the operator set.
        float_state: It carries float32 state only.
        temporal_axis: It reads element names with a temporal axis.
    """

    name: str
    summary: str
    opset: int
    evidence: str
    aliases: tuple[str, ...] = ()
    operators: frozenset[str] | None = None
    float_state: bool = False
    temporal_axis: bool = True
