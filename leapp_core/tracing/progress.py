"""Where a node is in its steps while they are being recorded."""

from __future__ import annotations


class NodeProgress:
    """Where a node is in its steps."""

    def __init__(self) -> None:
        self.outputs_seen = False
        self.complete = 0
        self._ports: set[str] = set()

    def begins_step(self, role: str, names: list[str]) -> bool:
        """Note a declaration; return whether it opens a new step (or opens the current one again)."""
        if role not in ("input", "state"):
            return False
        fresh = not self._ports
        if self.outputs_seen or self._ports & set(names):
            fresh = True
            self.complete += self.outputs_seen
            self.outputs_seen = False
            self._ports.clear()
        self._ports.update(names)
        return fresh
