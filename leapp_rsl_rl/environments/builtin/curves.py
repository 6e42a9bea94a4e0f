"""The learning curve of a training run, as a table and as a picture."""

from __future__ import annotations

import csv
from pathlib import Path

from rsl_rl.utils.log_writer import LogWriter

_COLUMNS = ("Train/mean_reward", "Train/mean_episode_length", "Policy/mean_std", "Loss/value")


class CsvLogWriter(LogWriter):  # type: ignore[misc]  # rsl_rl ships no types
    """A log writer for rsl_rl that keeps the few figures a learning curve needs in one small CSV file."""

    def __init__(self, log_dir: str) -> None:
        """Write to ``progress.csv`` in ``log_dir``."""
        self._path = Path(log_dir) / "progress.csv"
        self._rows: dict[int, dict[str, float]] = {}

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> None:
        """Keep ``scalar_value`` if it belongs to the learning curve."""
        if tag in _COLUMNS:
            self._rows.setdefault(global_step, {})[tag] = float(scalar_value)

    def stop(self) -> None:
        """Write the file."""
        with self._path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(("iteration", *(column.rpartition("/")[2] for column in _COLUMNS)))
            for iteration, row in sorted(self._rows.items()):
                writer.writerow((iteration, *(f"{row[c]:.4f}" if c in row else "" for c in _COLUMNS)))


def draw_curve(table: Path, picture: Path, title: str) -> None:
    """Draw the mean episode return over the iterations.

    Args:
        table: A CSV file with the columns ``iteration`` and ``mean_reward``.
        picture: PNG file to write.
        title: Heading of the picture.
    """
    from matplotlib.figure import Figure

    with table.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["mean_reward"]]
    figure = Figure(figsize=(5.0, 3.0), layout="constrained")
    axes = figure.subplots()
    axes.plot([int(row["iteration"]) for row in rows], [float(row["mean_reward"]) for row in rows])
    axes.set(xlabel="iteration", ylabel="mean episode return", title=title)
    axes.grid(visible=True, alpha=0.3)
    # without the metadata that names the drawing library, equal curves give equal files
    figure.savefig(picture, dpi=90, metadata={"Software": None})
