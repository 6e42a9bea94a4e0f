"""Type of the DDS topics; needs ``cyclonedds`` when it is loaded."""

# No postponed annotations: the package reads them when the class is made.
from dataclasses import dataclass

from cyclonedds.idl import IdlStruct
from cyclonedds.idl.types import sequence, uint8


@dataclass
class DdsFrame(IdlStruct, typename="leapp.Frame"):  # type: ignore[call-arg, misc]
    """A message as bytes."""

    data: sequence[uint8]
