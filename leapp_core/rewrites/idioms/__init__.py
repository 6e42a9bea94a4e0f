"""Everyday idioms that capture refuses, and how each is written so that tensors decide: one rewriter per idiom.

The order matters: lists and dictionaries are replaced by tensors before branches are, and numbers come last.
"""

from __future__ import annotations

from leapp_core.rewrites.idioms.choices import Choices
from leapp_core.rewrites.idioms.masks import MASKS
from leapp_core.rewrites.idioms.networks import NETWORKS
from leapp_core.rewrites.idioms.noise import SeededNoise
from leapp_core.rewrites.idioms.numbers import Numbers
from leapp_core.rewrites.idioms.queues import Queues
from leapp_core.rewrites.idioms.rings import RINGS
from leapp_core.rewrites.idioms.scope import Rewriter

REWRITERS: tuple[Rewriter, ...] = (
    Queues(), SeededNoise(), NETWORKS, RINGS, MASKS, Choices(), Numbers(),
)  # fmt: skip
"""All of them, in the order in which they are applied."""
