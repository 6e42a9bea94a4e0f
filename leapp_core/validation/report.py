"""What validation found, as values, as text for people and as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from leapp_core.compare import Comparison
from leapp_core.errors import ValidationError
from leapp_core.markup import html_block, html_list, html_table
from leapp_core.spec.names import PortRef
from leapp_core.words import counted


@dataclass(frozen=True)
class Mismatch:
    """A value that is not what it should be.

    Attributes:
        level: ``replay``, ``fresh inputs``, ``open loop`` or ``closed loop``.
        episode: Name of the episode.
        step: Control step in it, from 0.
        port: Node and port.
        alone: The node's artifact fails by itself, given right inputs; otherwise only the assembled pipeline does.
        comparison: Element, value expected and found, tolerance.
        cause: The likely cause.
        reading: What differs was not put out but read: the bundle was shown something else than the policy.
    """

    level: str
    episode: str
    step: int
    port: PortRef
    alone: bool
    comparison: Comparison
    cause: str
    reading: bool = False

    def __str__(self) -> str:
        if self.reading:
            values = self.comparison.reason or (
                f"{f'element {self.comparison.element}: ' if self.comparison.element else ''}"
                f"{self.comparison.expected:.9g} in training, {self.comparison.found:.9g} in deployment"
            )
            return (
                f"reading {self.port.port!r} of node {self.port.node!r}, {values} "
                f"(step {self.step}, {self.episode}); likely cause: {self.cause}"
            )
        return (
            f"node {self.port.node!r}, port {self.port.port!r}, step {self.step} ({self.level}, {self.episode}): "
            f"{self.comparison}; likely cause: {self.cause}"
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        compared = self.comparison
        return {
            "level": self.level,
            "episode": self.episode,
            "step": self.step,
            "node": self.port.node,
            "port": self.port.port,
            "element": compared.element,
            "index": list(compared.index),
            "expected": _number(compared.expected),
            "found": _number(compared.found),
            "tolerance": _number(compared.tolerance),
            "difference": _number(compared.max_error),
            "problem": compared.reason,
            "reading": self.reading,
            "node_alone": self.alone,
            "likely_cause": self.cause,
        }


@dataclass
class LevelReport:
    """One level of validation.

    Attributes:
        level: ``replay``, ``fresh inputs``, ``open loop`` or ``closed loop``.
        episodes: How many were run.
        steps: Control steps compared.
        skipped: Steps left out, and why.
        max_error: Largest absolute difference by port.
        mismatches: What was beyond its tolerance, first of each port.
        slack: Largest difference allowed beside the tolerance, by port, because rounding or a tie alone makes it;
            infinite where the program itself is at the edge of its range.
        about: What was done, where a count of steps does not say it.
    """

    level: str
    episodes: int = 0
    steps: int = 0
    skipped: list[str] = field(default_factory=list)
    max_error: dict[PortRef, float] = field(default_factory=dict)
    mismatches: list[Mismatch] = field(default_factory=list)
    slack: dict[PortRef, float] = field(default_factory=dict)
    about: str = ""

    @property
    def ok(self) -> bool:
        """Whether everything compared was within its tolerance."""
        return not self.mismatches

    def saw(self, port: PortRef, error: float) -> None:
        """Remember a difference."""
        self.max_error[port] = max(error, self.max_error.get(port, 0.0))

    def allowed(self, port: PortRef, slack: float) -> None:
        """Remember what was allowed beside the tolerance."""
        if slack > 0.0:
            self.slack[port] = max(slack, self.slack.get(port, 0.0))

    def add(self, mismatch: Mismatch) -> None:
        """Remember a mismatch unless its port has one already, which later ones mostly follow from."""
        if not any(known.port == mismatch.port and known.alone == mismatch.alone for known in self.mismatches):
            self.mismatches.append(mismatch)

    def worst(self) -> tuple[PortRef | None, float]:
        """Return the port that differs most and by how much; no port where none differs."""
        port = max(self.max_error, key=lambda ref: self.max_error[ref], default=None)
        largest = self.max_error[port] if port is not None else 0.0
        return (port if largest else None), largest

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "level": self.level,
            "ok": self.ok,
            "episodes": self.episodes,
            "steps": self.steps,
            "skipped": self.skipped,
            "max_error": {str(ref): _number(error) for ref, error in sorted(self.max_error.items())},
            "slack": {str(ref): _number(slack) for ref, slack in sorted(self.slack.items())},
            **({"about": self.about} if self.about else {}),
            "mismatches": [mismatch.to_json() for mismatch in self.mismatches],
        }


@dataclass(frozen=True)
class ValidationReport:
    """All levels that were run.

    Attributes:
        levels: In order.
        notes: What could not be checked, and why.
    """

    levels: tuple[LevelReport, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every level is."""
        return all(level.ok for level in self.levels)

    @property
    def mismatches(self) -> tuple[Mismatch, ...]:
        """Those of all levels."""
        return tuple(mismatch for level in self.levels for mismatch in level.mismatches)

    def rows(self) -> list[dict[str, str]]:
        """Return a table for people: one row per level. Ports are named without their node where there is one only."""
        nodes = {ref.node for level in self.levels for ref in level.max_error}
        rows = []
        for level in self.levels:
            port, largest = level.worst()
            named = "" if port is None else port.port if len(nodes) == 1 else str(port)
            rows.append(
                {
                    "level": level.level,
                    "result": "ok" if level.ok else _differ(len(level.mismatches)),
                    "steps": str(level.steps),
                    "largest difference": f"{largest:.3g}",
                    "slack": f"{max(level.slack.values(), default=0.0):.3g}",
                    "at": named,
                }
            )
        return rows

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {"ok": self.ok, "levels": [level.to_json() for level in self.levels], "notes": list(self.notes)}

    def _repr_html_(self) -> str:
        """Return a row for each level, what differs and what could not be checked, as a notebook shows them."""
        rows = self.rows()
        table = html_table([*rows[0]], ([*row.values()] for row in rows)) if rows else ""
        found = [*map(str, self.mismatches[:20]), *self.notes]
        return html_block("Validation", "ok" if self.ok else "not passed", table, html_list(found))

    def raise_if_wrong(self, what: str) -> None:
        """Raise if anything was beyond its tolerance.

        Raises:
            ValidationError: naming node, port, step, element, values, tolerance and likely cause of the first
                mismatch, and listing the others. A reading that differs comes before what follows from it.
        """
        if self.ok:
            return
        first, *others = sorted(self.mismatches, key=lambda mismatch: not mismatch.reading)
        wrong = "is shown other readings than the policy was" if first.reading else "does not reproduce the policy"
        lines = [f"{what} {wrong}: {first}", *(f"- also {other}" for other in others[:20])]
        port, compared = first.port, first.comparison
        raise ValidationError(
            "\n".join(lines),
            where=f"{port}, step {first.step}",
            expected=f"{compared.expected:.9g} within {compared.tolerance:.3g}" if not compared.reason else None,
            fix=f"find the cause before it runs on a robot: {first.cause}",
            code="V001",
        )


def _differ(count: int) -> str:
    return counted(count, "port differs", "ports differ")


def _number(value: float) -> float | str:
    """Return a number that JSON can hold; infinities and NaN as text."""
    return value if abs(value) < float("inf") else str(value)
