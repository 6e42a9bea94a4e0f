"""Everything that does not match between a bundle and a model, told in one error."""

from __future__ import annotations

from leapp_core.errors import EnvError
from leapp_core.words import counted


class Problems:
    """Collects what does not match, so that it is told at once and not one thing per run."""

    def __init__(self) -> None:
        self._found: list[tuple[str, str]] = []

    def add(self, what: str, fix: str) -> None:
        """Note one thing and what to do about it."""
        if (what, fix) not in self._found:
            self._found.append((what, fix))

    def __bool__(self) -> bool:
        """Return whether there is any."""
        return bool(self._found)

    def raise_if_any(self, bundle: str, model: str) -> None:
        """Raise if anything was noted.

        Raises:
            EnvError: it lists everything, each with its fix.
        """
        if not self._found:
            return
        lines = [f"{what}\n    fix: {fix}" for what, fix in self._found]
        raise EnvError(
            "\n  ".join(
                [f"bundle {bundle!r} and model {model} do not match in {counted(len(lines), 'point')}:", *lines]
            ),
            fix="put the entries above into a YAML file and pass it with --map FILE",
            code="E006",
        )
