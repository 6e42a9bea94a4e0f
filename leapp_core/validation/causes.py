"""Guess why a value is wrong from how it is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Evidence:
    """What is known of a wrong value.

    Attributes:
        expected: What the program gave, this step.
        found: What the artifact gave.
        before: What the program gave one step earlier, if there was one.
        step: Control step, from 0.
        alone: The node's artifact is wrong by itself, given right inputs.
        fresh: Seen on inputs drawn for validation; the captured steps were reproduced.
        has_state: The pipeline has feedback.
        parts: Each artifact was also checked by itself.
    """

    expected: np.ndarray[Any, Any]
    found: np.ndarray[Any, Any]
    before: np.ndarray[Any, Any] | None
    step: int
    alone: bool
    fresh: bool
    has_state: bool
    parts: bool = True


def likely_cause(evidence: Evidence) -> str:
    """Return the likely cause in a few words."""
    shape = _by_shape(evidence)
    return shape or _by_values(evidence) or _by_time(evidence)


def _by_shape(evidence: Evidence) -> str | None:
    if evidence.expected.shape != evidence.found.shape:
        return "the artifact's interface is not that of the program: an axis was dropped, added or transposed"
    if evidence.expected.dtype != evidence.found.dtype:
        return "the artifact computes in another dtype"
    return None


def _by_values(evidence: Evidence) -> str | None:
    import numpy as np

    expected, found = evidence.expected.astype(np.float64).ravel(), evidence.found.astype(np.float64).ravel()
    if not np.isfinite(found).all():
        return "an overflow or division by zero in the artifact, such as a large value in float16"
    if not found.any():
        return "the output is dead: a part of the program is missing or multiplied by zero"
    if _close(expected, found):
        return "a slightly different computation: a weight or constant is a little off, or precision was lost"
    if evidence.before is not None and _close(evidence.before.astype(np.float64).ravel(), found):
        return "the value is one step late: a history, delay or feedback edge is off by one"
    if found.size > 1 and _close(np.sort(expected), np.sort(found)):
        return "elements are in another order: ports or joints were swapped, or an axis was transposed"
    return _affine(expected, found)


def _affine(expected: np.ndarray[Any, Any], found: np.ndarray[Any, Any]) -> str | None:
    """Recognise a constant factor or offset over several elements."""
    import numpy as np

    used = np.abs(expected) > 1e-6
    if used.sum() < 2:
        return None
    ratio = found[used] / expected[used]
    if _close(ratio, np.full_like(ratio, ratio.mean())) and abs(ratio.mean() - 1) > 1e-3:
        return f"a scale differs by the factor {ratio.mean():.4g}: a scale or normalizer is missing or applied twice"
    offset = found - expected
    if _close(offset, np.full_like(offset, offset.mean())):
        return f"an offset differs by {offset.mean():.4g}"
    return None


def _by_time(evidence: Evidence) -> str:
    if evidence.alone:
        if evidence.fresh:
            return (
                "something that did not vary while recording was fixed in the artifact, "
                "or a limit that recording did not reach differs"
            )
        return "the backend computes something else than the program: weights, an operator or its options"
    if not evidence.parts:
        return (
            "the models compute otherwise here than where they were exported: another provider, version or setting "
            "of the runtime; or a file was changed together with its hash"
        )
    if not evidence.has_state:
        return "nodes are wired differently from what was captured"
    if evidence.step == 0:
        return "the initial state is wrong, or nodes are wired differently from what was captured"
    return "state is not carried over as captured: a feedback edge is missing, or carries another port"


def _close(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> bool:
    import numpy as np

    return one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-4, atol=1e-6))
