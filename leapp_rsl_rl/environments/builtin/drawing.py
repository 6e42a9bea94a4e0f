"""Draw a built-in scene from the side, for films."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leapp_rsl_rl.environments.builtin.robots.shapes import ORANGE, Bar, Disc, Shape, Sketch

if TYPE_CHECKING:
    import numpy as np

    from leapp_rsl_rl.environments.builtin.scene import Scene

_SIZE = (640, 400)
_FINER = 2
"""Drawn so many times larger, then scaled down, which makes edges smooth."""
_SKY, _GROUND, _MARK, _TEXT = "#fbfcfd", "#dfe3e8", "#b8bec6", "#6b7480"
_TARGET = "command/body/target_position"


def draw_scene(scene: Scene) -> np.ndarray[Any, Any]:
    """Return a picture of the first environment, ``uint8[height, width, 3]``."""
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont

    sketch = scene.robot.sketch()
    canvas = _Canvas(sketch)
    image = Image.new("RGB", canvas.size, _SKY)
    canvas.pen = ImageDraw.Draw(image)
    if sketch.ground is not None:
        canvas.ground(sketch.ground)
    for shape in (*sketch.shapes, *_targets(scene)):
        canvas.draw(shape)
    image = image.resize(_SIZE, Image.Resampling.LANCZOS)
    ImageDraw.Draw(image).text((14, 10), _caption(scene), fill=_TEXT, font=ImageFont.load_default(14))
    picture: np.ndarray[Any, Any] = np.array(image)
    return picture


class _Canvas:
    """Turns metres into pixels."""

    def __init__(self, sketch: Sketch) -> None:
        self.size = (_SIZE[0] * _FINER, _SIZE[1] * _FINER)
        self.pen: Any = None
        self._scale = self.size[0] / sketch.width
        self._left = sketch.centre[0] - sketch.width / 2
        self._top = sketch.centre[1] + self.size[1] / self._scale / 2

    def draw(self, shape: Shape) -> None:
        if isinstance(shape, Bar):
            start, end = self._at(shape.start), self._at(shape.end)
            self.pen.line((start, end), fill=shape.colour, width=max(1, round(shape.width * self._scale)))
            for point in (start, end):
                self._circle(point, shape.width / 2, shape.colour, None)
        elif isinstance(shape, Disc):
            self._circle(self._at(shape.centre), shape.radius, shape.colour, shape.line)
        else:
            (x, z), (width, height) = shape.centre, shape.size
            corners = (self._at((x - width / 2, z + height / 2)), self._at((x + width / 2, z - height / 2)))
            self.pen.rounded_rectangle(corners, radius=0.15 * height * self._scale, fill=shape.colour)

    def ground(self, height: float) -> None:
        """Fill everything below, with marks that show how fast the robot moves over it."""
        y = self._at((0.0, height))[1]
        self.pen.rectangle((0, y, *self.size), fill=_GROUND)
        right = self._left + self.size[0] / self._scale
        for half in range(int(2 * self._left) - 1, int(2 * right) + 2):
            x = self._at((half / 2, height))[0]
            self.pen.line((x, y, x, y + (0.06 if half % 2 == 0 else 0.03) * self._scale), fill=_MARK, width=2 * _FINER)

    def _circle(self, at: tuple[float, float], radius: float, colour: str, line: float | None) -> None:
        pixels = radius * self._scale
        box = (at[0] - pixels, at[1] - pixels, at[0] + pixels, at[1] + pixels)
        if line is None:
            self.pen.ellipse(box, fill=colour)
        else:
            self.pen.ellipse(box, outline=colour, width=max(1, round(line * self._scale)))

    def _at(self, point: tuple[float, float]) -> tuple[float, float]:
        return (point[0] - self._left) * self._scale, (self._top - point[1]) * self._scale


def _targets(scene: Scene) -> list[Shape]:
    """Return a ring at each commanded point."""
    ports = [port for port in scene.config.sensors if port.kind == _TARGET]
    points = [port.read(scene)[0].tolist() for port in ports]
    return [Disc((x, z), 0.035, ORANGE, line=0.012) for x, z in points]


def _caption(scene: Scene) -> str:
    seconds = float(scene.episode_length_buf[0]) * scene.step_dt
    texts = [f"{seconds:4.1f} s"]
    for port in scene.config.sensors:
        if port.kind.startswith("command/"):
            values = ", ".join(f"{value:+.2f}" for value in port.read(scene)[0].tolist())
            texts.append(f"{port.name.replace('_', ' ')} {values}")
    return "     ".join(texts)
