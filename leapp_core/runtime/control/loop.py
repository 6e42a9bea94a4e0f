"""Run a policy on a robot: read, step, write, at the policy's rate, and end with something safe."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from leapp_core.errors import BundleError, RuntimeInputError, UsageError
from leapp_core.runtime.arrays import Array
from leapp_core.runtime.control.adapter import Adapter, Reading
from leapp_core.runtime.control.ring import INSTEAD, MADE, SILENT, Ring, StepRecord
from leapp_core.runtime.policy import PolicyRuntime
from leapp_core.runtime.rate import RateKeeper, RateReport
from leapp_core.spec.dtypes import numpy_dtype


@dataclass(frozen=True)
class ControlReport:
    """How a controller ran.

    Attributes:
        beats: Periods begun.
        made: Steps that the policy made and whose answer was sent.
        instead: Beats in which held or safe values were sent in place of an answer.
        silent: Beats in which nothing was sent: no reading had come yet, or there was nothing safe to send.
        readings: Readings that came.
        sessions: Runs of the robot that were seen.
        faults: Why steps were not made: code of the error to how often.
        last_fault: The last of them in words.
        ended: Why the loop ended: ``steps``, ``seconds``, ``stopped`` or ``fault``.
        rate: How the rate was kept.
    """

    beats: int
    made: int
    instead: int
    silent: int
    readings: int
    sessions: int
    faults: dict[str, int]
    last_fault: str | None
    ended: str
    rate: RateReport

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


@dataclass
class _Tally:
    made: int = 0
    instead: int = 0
    silent: int = 0
    readings: int = 0
    sessions: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    last_fault: str | None = None


class Controller:
    """Reads from an adapter, steps a policy and writes its answers, at the policy's rate.

    What happens in a beat:

    * The newest reading is taken. If none came, the one before is used again, as long as the limits' ``max_age``
      allows. Nothing is sent until the first has come.
    * A reading of another run of the robot resets the policy, and clears a fault: the robot was started again.
    * A step that breaks a limit, or cannot be made, is taken back. With ``on_violation`` ``hold`` or ``safe`` the
      values that the limits say are sent in its place, and nothing where there are none; with ``raise`` the loop ends.
    * However the loop ends, the adapter's ``stop`` is given the safe outputs, if the limits have any.

    Args:
        policy: Loaded with limits that have a ``max_age``: without, a robot that has gone silent would be given
            commands made from its last reading for ever.
        adapter: What it reads from and writes to.
        spin_s: Seconds before each beat spent awake; see :class:`~leapp_core.runtime.rate.RateKeeper`.
        ring: Keeps the last steps.

    Raises:
        UsageError: the policy has no limits with a ``max_age``, or no rate is known.
    """

    def __init__(
        self,
        policy: PolicyRuntime,
        adapter: Adapter,
        *,
        spin_s: float = 0.0,
        ring: Ring | None = None,
    ) -> None:
        limits = policy.limits
        if limits is None or limits.max_age is None:
            raise UsageError(
                "the policy has no limit for the age of readings",
                expected="a number of seconds after which a robot counts as silent",
                fix="load it with limits=Limits(max_age=...)",
                code="R013",
            )
        self._policy, self._adapter, self._ring = policy, adapter, ring
        self._ends_on_fault = limits.on_violation == "raise"
        self._clock = limits.clock
        self._rate = policy.rate
        self._spin = spin_s
        RateKeeper(self._rate)  # refused now or never
        self._stopped = threading.Event()
        self._tally = _Tally()
        self._reading: Reading | None = None
        self._nothing = {
            name: np.zeros(tuple(1 if isinstance(size, str) else size for size in port.shape), numpy_dtype(port.dtype))
            for name, port in policy.outputs.items()
        }

    def stop(self) -> None:
        """End the loop after the beat under way; may be called from any thread or a signal handler."""
        self._stopped.set()

    def run(self, *, steps: int | None = None, seconds: float | None = None) -> ControlReport:
        """Run until :meth:`stop`, or for a number of beats or seconds.

        Raises:
            LeappError: the limits say ``raise`` and a step could not be made. The robot was sent what is safe.
        """
        keeper = RateKeeper(self._rate, spin_s=self._spin)
        self._tally = _Tally()
        until = None if seconds is None else time.monotonic() + seconds
        beats, ended = 0, "stopped"
        try:
            while not self._stopped.is_set():
                if steps is not None and beats >= steps:
                    ended = "steps"
                    break
                if until is not None and time.monotonic() >= until:
                    ended = "seconds"
                    break
                keeper.wait()
                beats += 1
                self._beat()
        except BaseException:
            self._end()
            raise
        self._end()
        return self._report(beats, ended, keeper.report())

    def _end(self) -> None:
        self._adapter.stop(self._policy.safe_outputs)

    def _beat(self) -> None:
        begin = time.perf_counter()
        text = self._read()
        reading = self._reading
        if reading is None:
            self._note(SILENT, begin, text or "no reading has come yet", {})
            return
        try:
            outputs = self._policy.step(reading.values, taken=reading.taken)
        except (RuntimeInputError, BundleError) as error:
            self._fault(error.code, error.message)
            self._note(SILENT, begin, error.message, {})
            if self._ends_on_fault:
                raise
            return
        fault = self._policy.fault
        if fault is not None:
            self._fault(fault.code, fault.message)
        self._adapter.write(outputs, reading)
        self._note(MADE if fault is None else INSTEAD, begin, fault.message if fault else text, outputs)

    def _read(self) -> str:
        """Take the newest reading; return why what came is none."""
        try:
            reading = self._adapter.read()
        except RuntimeInputError as error:
            self._fault(error.code, error.message)
            return error.message
        if reading is None:
            return ""
        self._tally.readings += 1
        if self._reading is None or reading.session != self._reading.session:
            self._tally.sessions += 1
            self._policy.reset()
        self._reading = reading
        return ""

    def _fault(self, code: str | None, message: str) -> None:
        self._tally.faults[code or "other"] += 1
        self._tally.last_fault = message

    def _note(self, status: int, begin: float, text: str, outputs: dict[str, Array]) -> None:
        """Count a beat and keep it."""
        if status == MADE:
            self._tally.made += 1
        elif status == INSTEAD:
            self._tally.instead += 1
        else:
            self._tally.silent += 1
        if self._ring is None:
            return
        reading = self._reading
        self._ring.add(
            StepRecord(
                time_ns=time.time_ns(),
                session=reading.session if reading else 0,
                reading=reading.number if reading else 0,
                age_s=self._clock() - reading.taken if reading else 0.0,
                busy_s=time.perf_counter() - begin,
                status=status,
                inputs=self._policy.last_inputs(),
                outputs=outputs or self._nothing,
                text=text,
            )
        )

    def _report(self, beats: int, ended: str, rate: RateReport) -> ControlReport:
        tally = self._tally
        return ControlReport(
            beats,
            tally.made,
            tally.instead,
            tally.silent,
            tally.readings,
            tally.sessions,
            dict(tally.faults),
            tally.last_fault,
            ended,
            rate,
        )
