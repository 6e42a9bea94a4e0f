"""Type of the DDS topics."""

# No postponed annotations: the package reads them when the class is made.
from dataclasses import dataclass
from typing import Any


def frame_type() -> Any:
    """Return the class of a message, which holds bytes; needs ``cyclonedds``."""
    from cyclonedds.idl import IdlStruct
    from cyclonedds.idl.types import sequence, uint8

    @dataclass
    class DdsFrame(IdlStruct, typename="leapp.Frame"):  # type: ignore[call-arg, misc]
        data: sequence[uint8]

    return DdsFrame
