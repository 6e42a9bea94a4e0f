"""Make the first real step as fast as any other."""

from __future__ import annotations

from collections.abc import Mapping

from leapp_core.errors import BundleError
from leapp_core.plugins.runners import Stepper
from leapp_core.runtime.arrays import Array
from leapp_core.spec.names import PortRef

_STEPS = 4


def warm_up(stepper: Stepper, start: Mapping[PortRef, Array], outputs: int) -> None:
    """Run some steps that nobody sees, so that the first real one is as fast as any, then set the initial state.

    Args:
        stepper: What to run.
        start: The initial state.
        outputs: How many arrays a step has to return.

    Raises:
        BundleError: the models do not run on what the bundle says they take.
    """
    # Zeros are a plain reading for a sensor; for a whole number they may be a divisor, and ones an index out of range.
    for number in (1, 0):
        for buffer in stepper.inputs.values():
            buffer[...] = 0 if buffer.dtype.kind not in "iu" else number
        try:
            stepper.write_state(start)
            returned = [len(stepper.advance()) for _ in range(_STEPS)]
        except BundleError as error:
            failure = error
        else:
            if set(returned) != {outputs}:
                raise BundleError(
                    f"a step returned {returned[0]} arrays", expected=f"{outputs}, one per output", code="B007"
                )
            stepper.write_state(start)
            return
    raise BundleError(
        f"the models do not run on what the bundle says they take: {failure.message}",
        expected=failure.expected,
        fix="export the bundle again; its files do not belong together",
        code="B007",
    ) from failure
