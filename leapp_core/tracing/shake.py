"""Other inputs than those that come: what user code and program are held against beside each other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import torch

Change = Callable[[torch.Tensor, torch.Tensor, torch.Generator], torch.Tensor]

_LARGEST = {torch.float16: 6e4}


def _scaled(factor: float) -> Change:
    return lambda value, last, generator: value * factor


def _held(value: torch.Tensor, last: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return last


def _jump(value: torch.Tensor, last: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    noise = torch.randn(value.shape, generator=generator, dtype=torch.float64).to(value)
    return value + noise * value.abs().amax().clamp_min(1.0) * 3.0


AS_IT_IS = _scaled(1.0)
CHANGES: tuple[Change, ...] = (
    AS_IT_IS, _scaled(10.0), _jump, _scaled(0.0), _scaled(-1.0), _held, _scaled(100.0), _jump, _scaled(-10.0), _jump,
    AS_IT_IS, _scaled(1000.0), _scaled(0.1), _jump,
)  # fmt: skip
"""What happens to all inputs of a step, step by step; every second time round each input draws its own."""


class Shaker:
    """Changes inputs in place where they are declared, and puts memory that others go on using back.

    Args:
        outside: Node and port of the inputs that no edge feeds; the others stay as they are.
        stays: Tells whether a tensor lies in memory that outlives the step, such as a simulator's.
        seed: Seed of what is drawn.
    """

    def __init__(
        self, outside: Collection[tuple[str, str]], stays: Callable[[torch.Tensor], bool], seed: int = 0
    ) -> None:
        self._outside = frozenset(outside)
        self._stays = stays
        self._generator = torch.Generator().manual_seed(seed)
        self._step = -1
        self._begun: set[str] = set()
        self._last: dict[tuple[str, str], torch.Tensor] = {}
        self._changed: list[tuple[torch.Tensor, torch.Tensor]] = []

    @property
    def shakes(self) -> bool:
        """Whether anything is changed in the step under way."""
        return self._step >= 0 and self._common() is not AS_IT_IS

    def begin(self, node: str) -> None:
        """Begin a step of a node."""
        if node in self._begun or not self._begun:
            self._begun = set()
            self._step += 1
            self.restore()
        self._begun.add(node)

    def shake(self, node: str, ports: Iterable[tuple[str, torch.Tensor]]) -> None:
        """Change inputs of a node in place."""
        for name, tensor in ports:
            if (node, name) in self._outside and tensor.is_floating_point() and tensor.numel():
                value = tensor.detach().to("cpu", copy=True)
                change = self._own() or self._common()
                fresh = change(value, self._last.get((node, name), value), self._generator)
                limit = _LARGEST.get(value.dtype, 1e30)
                fresh = fresh.nan_to_num(0.0, limit, -limit).clamp(-limit, limit)
                self._last[node, name] = fresh
                if change is not AS_IT_IS and _write(tensor, fresh) and self._stays(tensor):
                    self._changed.append((tensor, value))

    def restore(self) -> None:
        """Put back what memory held that outlives the step."""
        for tensor, value in reversed(self._changed):
            _write(tensor, value)
        self._changed.clear()

    def _common(self) -> Change:
        return CHANGES[self._step % len(CHANGES)]

    def _own(self) -> Change | None:
        if self._step // len(CHANGES) % 2 == 0 or self._common() is AS_IT_IS:
            return None
        return CHANGES[int(torch.randint(0, len(CHANGES), (), generator=self._generator))]


def _write(tensor: torch.Tensor, value: torch.Tensor) -> bool:
    """Overwrite a tensor; return whether that was possible (elements of an expanded one share memory)."""
    try:
        with torch.inference_mode():
            tensor.detach().copy_(value)
    except RuntimeError:
        return False
    return True
