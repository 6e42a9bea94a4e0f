"""Find a rewriting of a graph for any number of rows among the ways to read its reshapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leapp_backends.batch.widen import Widened, Widening
from leapp_backends.common.quiet import quiet
from leapp_core.errors import ExportError

if TYPE_CHECKING:
    from torch.fx import GraphModule

_MOST_ATTEMPTS = 32


def widen(module: GraphModule, inputs: Mapping[str, int | None], outputs: Sequence[int | None]) -> Iterator[Widened]:
    """Yield rewritten graphs that fit in all sizes; where a reshape can be read in several ways there are several.

    Args:
        module: The program for one row, weights attached.
        inputs: Placeholder name to the batch axis it shall have.
        outputs: Axis along which an output that all rows share is repeated; ``None`` leaves it shared.

    Raises:
        ExportError: none fits; names the call at which the likeliest reading ends.
    """
    failure: ExportError | None = None
    found = False
    choices: list[int] = []
    for _ in range(_MOST_ATTEMPTS):
        made = _attempt(module, inputs, outputs, choices)
        if isinstance(made.result, Widened):
            found = True
            yield made.result
        else:
            failure = failure or made.result
        following = made.next_choices()
        if following is None:
            break
        choices = following
    if failure is not None and not found:
        raise failure


@dataclass(frozen=True)
class _Attempt:
    result: Widened | ExportError
    taken: tuple[int, ...]
    options: tuple[int, ...]

    def next_choices(self) -> list[int] | None:
        """Return the choices of the next attempt: the last reshape with another reading takes it."""
        for at in range(len(self.taken) - 1, -1, -1):
            if self.taken[at] + 1 < self.options[at]:
                return [*self.taken[:at], self.taken[at] + 1]
        return None


def _attempt(
    module: GraphModule, inputs: Mapping[str, int | None], outputs: Sequence[int | None], choices: Sequence[int]
) -> _Attempt:
    from torch._subclasses.fake_tensor import FakeTensorMode

    result: Widened | ExportError
    # PyTorch logs every call that does not fit, and trying calls is what this is about.
    with quiet(), FakeTensorMode(allow_non_fake_inputs=True) as mode:
        work = Widening(module, mode, choices)
        try:
            result = work.run(inputs, outputs)
        except ExportError as error:
            result = error
    return _Attempt(result, tuple(work.taken), tuple(work.options))
