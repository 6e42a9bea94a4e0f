"""A module that keeps a gain and changes it after some ticks: what a loop may import."""

from __future__ import annotations

KP = 1.0
_ticks = 0


def reset() -> None:
    global KP, _ticks
    KP, _ticks = 1.0, 0


def on_tick(last: int) -> None:
    global _ticks
    _ticks += 1
    if _ticks == last:
        _stiffen()


def _stiffen() -> None:
    global KP
    KP = 3.0
