"""Write frames to an MP4 or GIF file as they come."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from leapp_core.errors import LeappError

if TYPE_CHECKING:
    import numpy as np

_MOST_PER_SECOND = {".mp4": 30.0, ".gif": 20.0}
_GIF_COLOURS = 128
_DEFAULT_FREQUENCY = 50.0


class Film:
    """A film in the making, in real time of the simulation.

    Args:
        path: File to write, ``.mp4`` or ``.gif``.
        frequency: Control steps per second (Hz); frames are left out where a film needs fewer.
    """

    def __init__(self, path: Path, frequency: float | None) -> None:
        self.path = path
        kind = path.suffix.lower()
        rate = frequency or _DEFAULT_FREQUENCY
        self.every = max(1, round(rate / _MOST_PER_SECOND[kind]))
        self.frames = 0
        self._writer: _Mp4 | _Gif = (_Mp4 if kind == ".mp4" else _Gif)(path, rate / self.every)

    def add(self, frame: np.ndarray[Any, Any]) -> None:
        """Add a frame, ``uint8[height, width, 3]``."""
        self._writer.add(frame)
        self.frames += 1

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()


class _Mp4:
    def __init__(self, path: Path, rate: float) -> None:
        self._path, self._rate = path, rate
        self._frames: Any = None

    def add(self, frame: np.ndarray[Any, Any]) -> None:
        import imageio_ffmpeg
        import numpy as np

        height, width = frame.shape[0] // 2 * 2, frame.shape[1] // 2 * 2  # what H.264 takes
        try:
            if self._frames is None:
                self._frames = imageio_ffmpeg.write_frames(
                    str(self._path), (width, height), fps=self._rate, quality=7, macro_block_size=2
                )
                self._frames.send(None)
            self._frames.send(np.ascontiguousarray(frame[:height, :width]))
        except (OSError, RuntimeError) as error:
            raise LeappError(f"the film cannot be written: {error}", where=str(self._path), code="X007") from error

    def close(self) -> None:
        if self._frames is not None:
            self._frames.close()


class _Gif:
    def __init__(self, path: Path, rate: float) -> None:
        self._path, self._rate = path, rate
        self._frames: list[Any] = []

    def add(self, frame: np.ndarray[Any, Any]) -> None:
        from PIL import Image

        self._frames.append(Image.fromarray(frame).quantize(_GIF_COLOURS, dither=Image.Dither.NONE))

    def close(self) -> None:
        if not self._frames:
            return
        first, *others = self._frames
        pause = round(100.0 / self._rate) * 10  # the format counts in hundredths of a second
        first.save(self._path, save_all=True, append_images=others, duration=pause, loop=0, optimize=False)
