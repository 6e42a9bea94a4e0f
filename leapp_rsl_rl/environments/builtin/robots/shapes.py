"""What a robot looks like from the side: plain shapes in metres, x forward and z up."""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True)
class Bar:
    """A bar with round ends, ``width`` metres thick."""

    start: Point
    end: Point
    width: float
    colour: str


@dataclass(frozen=True)
class Disc:
    """A disc, or a ring of ``line`` metres if that is given."""

    centre: Point
    radius: float
    colour: str
    line: float | None = None


@dataclass(frozen=True)
class Box:
    """An upright box."""

    centre: Point
    size: Point
    colour: str


Shape = Bar | Disc | Box


@dataclass(frozen=True)
class Sketch:
    """Shapes from back to front, and the part of the world to show.

    Attributes:
        shapes: What to draw.
        centre: Middle of the picture.
        width: Metres from its left to its right edge.
        ground: Height of the ground, drawn with a mark at every half metre; ``None`` for none.
    """

    shapes: tuple[Shape, ...]
    centre: Point
    width: float
    ground: float | None = None


STEEL, BLUE, ORANGE, GREY = "#3c4650", "#1f77b4", "#e07b39", "#aab2bb"
