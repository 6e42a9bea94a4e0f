"""Keep a control loop at its frequency, and say how well it was kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from leapp_core.errors import UsageError

_NS = 1_000_000_000


@dataclass(frozen=True)
class RateReport:
    """How a loop ran.

    Attributes:
        steps: Steps begun.
        frequency: Steps per second asked for (Hz).
        achieved: Steps per second reached (Hz).
        overruns: Steps that were not done when the next one was due.
        skipped: Steps that were left out to be back on the beat.
        worst_late_ms: How late the latest step began.
        mean_late_ms: How late steps began on average.
        busy_percent: Share of the time in which the loop was not waiting.
    """

    steps: int
    frequency: float
    achieved: float
    overruns: int
    skipped: int
    worst_late_ms: float
    mean_late_ms: float
    busy_percent: float

    def as_dict(self) -> dict[str, float]:
        """Return plain values for JSON."""
        return asdict(self)


class RateKeeper:
    """Begins steps on a fixed beat; call :meth:`wait` before each.

    The beat does not drift: each step is due a whole number of periods after the first. A step that takes longer than
    its period is counted as an overrun; beats that have passed by then are skipped, never made up for in a burst,
    which would feed a robot several commands at once.

    Args:
        frequency: Steps per second (Hz).
        spin_s: Seconds before each beat spent awake instead of asleep: steadier, at the price of a busy core.
        clock: Nanoseconds that never go back.
        sleep: Sleeps for seconds.

    Raises:
        UsageError: the frequency is no positive number, such as the ``None`` of a bundle that states none.
    """

    def __init__(
        self,
        frequency: float | None,
        *,
        spin_s: float = 0.0,
        clock: Callable[[], int] = time.perf_counter_ns,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if frequency is None or not 0 < frequency < float("inf"):
            raise UsageError(
                f"frequency is {frequency}",
                expected="a positive number of steps per second",
                fix="give one; a bundle need not state any" if frequency is None else None,
                code="R014",
            )
        self.frequency = frequency
        self._period = _NS / frequency
        self._spin = int(spin_s * _NS)
        self._clock, self._sleep = clock, sleep
        self._first = self._last = -1
        self._beat = 0
        self._steps = self._overruns = self._skipped = 0
        self._late_sum = self._late_worst = self._idle = 0

    def wait(self) -> int:
        """Wait for the next beat.

        Returns:
            Beats skipped since the last call (0 when the loop keeps up).
        """
        now = self._clock()
        if self._first < 0:
            self._first = self._last = now
            self._steps = 1
            return 0
        self._beat += 1
        due = self._due()
        missed = 0
        if now > due:
            self._overruns += 1
            missed = int((now - self._first) / self._period) - self._beat
            self._beat += missed
            self._skipped += missed
            late = now - self._due()
        else:
            self._idle += self._wait_until(due) - now
            late = self._clock() - due
        self._steps += 1
        self._late_sum += late
        self._late_worst = max(self._late_worst, late)
        self._last = self._clock()
        return missed

    def _due(self) -> int:
        return self._first + round(self._beat * self._period)

    def _wait_until(self, due: int) -> int:
        while (left := due - self._spin - self._clock()) > 0:
            self._sleep(left / _NS)
        while (now := self._clock()) < due:
            pass
        return now

    def report(self) -> RateReport:
        """Return the statistics so far."""
        elapsed = max(self._last - self._first, 1)
        return RateReport(
            steps=self._steps,
            frequency=self.frequency,
            achieved=(self._steps - 1) * _NS / elapsed if self._steps > 1 else 0.0,
            overruns=self._overruns,
            skipped=self._skipped,
            worst_late_ms=self._late_worst / 1e6,
            mean_late_ms=self._late_sum / max(self._steps - 1, 1) / 1e6,
            busy_percent=100.0 * (1 - self._idle / elapsed) if self._steps > 1 else 100.0,
        )
