"""Observation groups that only a simulator can fill, by their names; a robot has nothing to put in."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from leapp_core.plugins.policies import NO_TERMS, Terms

WORDS = frozenset({"critic", "priv", "privileged", "teacher"})
"""What trainers call the groups of a critic or teacher, which hold what cannot be measured."""

_SHOWN = 6


def is_privileged(group: str) -> bool:
    """Return whether a group's name says so: ``critic``, ``privileged_obs``, ``teacherState``."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", group)
    return bool(WORDS & set(re.split(r"[\W_]+", apart.lower())))


def privileged_groups(groups: Collection[str] | None, terms: Terms = NO_TERMS) -> Iterator[str]:
    """Yield a note for each privileged group that a policy reads, with the terms that no other group has.

    Args:
        groups: What the policy reads; ``None`` if it does not tell.
        terms: What the groups of the task are made of, as far as it is known.
    """
    measured = {term for group, found in terms.observations.items() if not is_privileged(group) for term in found}
    for group in groups or ():
        if is_privileged(group):
            only = [term for term in terms.observations.get(group, {}) if term not in measured]
            more = f" and {len(only) - _SHOWN} more" if len(only) > _SHOWN else ""
            named = f" ({', '.join(only[:_SHOWN])}{more})" if only else ""
            yield (
                f"the policy reads observation group {group!r}, by its name privileged: what it holds{named} is known "
                "in simulation only, unless the robot measures or estimates it; export the student, or train without it"
            )
