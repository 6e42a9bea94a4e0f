"""What a target is: an engine that a bundle's models will run in, and what its files may hold. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """An engine that a bundle is written for.

    Attributes:
        name: What ``leapp export --target`` takes.
        summary: One line for listings.
        opset: ONNX operator set that files are written in. The version of the file format follows from it: the oldest
            that holds the operators.
        ran: What was run: the engine and version that files written for the target were loaded in and gave the same
            numbers. Empty if nothing was.
        published: Whose published list ``operators`` is, or what else is known from papers only.
        aliases: Other names users know it by.
        operators: Operators it knows; ``None`` if there is no list, and then operators are not checked.
        float_state: It carries float32 state only.
        temporal_axis: It reads element names with a temporal axis.
    """

    name: str
    summary: str
    opset: int
    ran: str = ""
    published: str = ""
    aliases: tuple[str, ...] = ()
    operators: frozenset[str] | None = None
    float_state: bool = False
    temporal_axis: bool = True
