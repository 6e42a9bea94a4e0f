"""What the recorder keeps: plain slotted records, cheap to make thousands of times a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    import torch

    from leapp_core.tracing.record.opplan import OpPlan


class TensorInfo(NamedTuple):
    """Where a tensor's elements lie. Equal infos mean the same elements, whichever Python object asked.

    Attributes:
        storage: Number of the storage in the recorder.
        offset: First element, in elements.
        sizes: Shape.
        strides: Strides in elements.
        dtype: Torch dtype.
    """

    storage: int
    offset: int
    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: torch.dtype


class StorageRecord:
    """One block of memory seen in the session.

    Attributes:
        number: Its number.
        storage: The storage object, held so that its address is not used again.
        nbytes: Size in bytes.
        birth: Index of the event that allocated it; -1 if it came from outside.
        literal: Made from Python numbers at that event (``torch.tensor([...])``); -1 otherwise.
        foreign: Memory owned by other software (NumPy, a simulator).
        parameter: A tensor seen on it is an ``nn.Parameter``.
        snapshots: ``(event index, bytes)`` at each first touch of an epoch; equal contents share one bytes object.
        first_info: First tensor seen on it.
        selected: The call that took it as a row of another tensor, by a tensor index.
        written: It is among the operands of a recorded call that writes (looked at for parameters).
        note: Where its contents come from when no recorded call explains them.
    """

    first_info: TensorInfo | None = None
    foreign = False
    literal = -1
    note = ""
    parameter = False
    selected: Event | None = None
    written = False

    def __init__(self, number: int, storage: torch.UntypedStorage, birth: int) -> None:
        self.number = number
        self.storage = storage
        self.nbytes = storage.nbytes()
        self.birth = birth
        self.snapshots: list[tuple[int, bytes]] = []

    def value_at(self, index: int) -> bytes | None:
        """Return the contents at the first touch at or after event ``index``, if a snapshot was taken."""
        return next((data for at, data in self.snapshots if at >= index), None)


class Event:
    """One recorded ATen call."""

    __slots__ = ("args", "func", "index", "ins", "kwargs", "line", "out", "outs", "plan", "stack")

    def __init__(  # noqa: PLR0913 - a record, made on the hot path
        self,
        index: int,
        func: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        out: Any,
        ins: list[TensorInfo],
        outs: list[TensorInfo],
        plan: OpPlan,
        stack: int,
        line: int,
    ) -> None:
        self.index = index
        self.func = func
        self.args = args
        self.kwargs = kwargs
        self.out = out
        self.ins = ins
        self.outs = outs
        self.plan = plan
        self.stack = stack
        self.line = line


class Declaration:
    """A port declared at some moment.

    Attributes:
        index: Position among the events.
        node: Node name.
        port: Port name.
        role: Input, output, state read (``state``) or state written (``update``).
        tensor: The tensor (held).
        info: Where it lies.
        value: Its value then, on the CPU.
        semantics: What the user said of it.
        stack: Call stack number.
        order: Position among all declarations.
        line: Where the driver was, as in an event.
        array: It was declared as a NumPy array.
    """

    __slots__ = (
        "array", "index", "info", "line", "node", "order", "port", "role", "semantics", "stack", "tensor", "value",
    )  # fmt: skip

    def __init__(  # noqa: PLR0913 - a record
        self,
        index: int,
        node: str,
        port: str,
        role: Literal["input", "output", "state", "update", "static"],
        tensor: torch.Tensor,
        info: TensorInfo,
        value: torch.Tensor,
        semantics: Any,
        stack: int,
        order: int,
        line: int = -1,
    ) -> None:
        self.order = order
        self.line = line
        self.index = index
        self.node = node
        self.port = port
        self.role = role
        self.tensor = tensor
        self.info = info
        self.value = value
        self.semantics = semantics
        self.array = False
        self.stack = stack
