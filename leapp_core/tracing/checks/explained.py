"""Python values that change and decide nothing unseen: numbers that the session followed wherever they went.

A number that is followed has a twin in the record, and whatever was computed from it has one too. What the checks of
counters and of values that leave tensors would refuse is then in the program, unless the number left somewhere: was
compared, formatted, handed to code that is not followed. Such places are judged as values of tensors are.
"""

from __future__ import annotations

import ast
from types import ModuleType

from leapp_core.tracing.find.slicing import Slicer
from leapp_core.tracing.provenance.queue_code import measured_by, queue_of
from leapp_core.tracing.record.events import Event
from leapp_core.tracing.record.numbers import Leave, Place
from leapp_core.tracing.source.book import FUNCTIONS, SourceFile
from leapp_core.tracing.source.owners import related
from leapp_core.tracing.values.caught import ANY
from leapp_core.tracing.values.flows import Follower
from leapp_core.tracing.values.relevance import Relevance


class Explained:
    """Says which reads of Python values the record explains.

    Args:
        slicer: Slicer of the record.
        relevance: What takes part in the program.
    """

    def __init__(self, slicer: Slicer, relevance: Relevance) -> None:
        self._log = slicer.recorder.numbers
        self._relevance = relevance
        self._harmless: dict[int, bool] = {}
        self._known: dict[Place, bool] = {}

    def read(self, file: SourceFile, node: ast.AST | None) -> bool:
        """Return whether all that became of an attribute's number, read here, is in the record or does no harm.

        So it is where a queue that is followed is asked how long it is.
        """
        measured = measured_by(node) if isinstance(node, ast.expr) else None
        node = node if measured is None else queue_of(measured)
        if not isinstance(node, (ast.Attribute, ast.Name)):
            return False
        site = site_of(file, node)
        places = self._log.reads.get(site)
        return bool(places) and site not in self._log.untold and all(map(self._is_known, places or ()))

    def item(self, event: Event) -> bool:
        """Return whether all that became of a tensor's value, asked for here, is in the record or does no harm."""
        place = self._log.items.get(event.index)
        return place is not None and self._is_known(place)

    def _is_known(self, place: Place) -> bool:
        if place not in self._known:
            self._known[place] = False
            self._known[place] = self._look(place)
        return self._known[place]

    def _look(self, place: Place) -> bool:
        reached = self._log.reached_from(place)
        if not all(map(self._log.is_sound, reached)) or self._log.has_pending(reached) or self._log.hinges(reached):
            return False
        leaves = (leave for leave in self._log.leaves.values() if not leave.roots.isdisjoint(reached))
        named = [place for place in reached if place.name]
        return all(map(self._is_harmless, leaves)) and all(self._read_elsewhere(p, reached) for p in named)

    def _read_elsewhere(self, place: Place, reached: set[Place]) -> bool:
        """Return whether reads of an attribute that were not followed do no harm."""
        owners = self._relevance.owners
        holders = None if place.kind in (type, ModuleType) else owners.living.having(place.kind, place.name)
        if Follower(self._relevance).unnamed(place.name, holders).worst is not None:
            return False
        for file, load in self._relevance.book.reads(place.name):
            if self._is_followed(site_of(file, load), reached) or file.calls_it(load):
                continue
            if holders is not None and not related(holders, owners.of(file, load)):
                continue
            around = next((n for n in file.above(load) if isinstance(n, (*FUNCTIONS, ast.Lambda))), None)
            if self._relevance.steps(file, load, around):
                fate = Follower(self._relevance).follow(file, load, "decided")
                if fate.worst is not None:
                    return False
        return True

    def _is_followed(self, site: str, reached: set[Place]) -> bool:
        """Return whether all that is read at a place in the source is known.

        A number that nobody who is followed has assigned may be another's: of a copy, behind a proxy, of a class.
        """
        if site in self._log.untold:
            return False
        places = self._log.reads.get(site)
        return bool(places) and all(place in reached or place.written for place in places or ())

    def _is_harmless(self, leave: Leave) -> bool:
        if id(leave) not in self._harmless:
            self._harmless[id(leave)] = self._judged(leave)
        return self._harmless[id(leave)]

    def _judged(self, leave: Leave) -> bool:
        if not leave.followed:
            return False
        file = self._relevance.book.file(leave.code.co_filename)
        if leave.raises:
            statement = file.statement_at(leave.line)
            return statement is not None and Follower(self._relevance).raises(file, statement, ANY).worst is None
        node = _expression(file, leave)
        return node is not None and Follower(self._relevance).follow(file, node, "decided").worst is None


def site_of(file: SourceFile, node: ast.expr) -> str:
    """Return what rewritten code calls the place where an expression stands."""
    return f"{file.path}:{node.lineno}:{node.col_offset}:{node.end_lineno}:{node.end_col_offset}"


def _expression(file: SourceFile, leave: Leave) -> ast.expr | None:
    node = file.expression(leave.code, leave.lasti, leave.line)
    statement = file.statement_at(leave.line)
    if node is None:
        return statement.value if isinstance(statement, ast.AugAssign) else None
    stored = isinstance(getattr(node, "ctx", None), ast.Store)
    if stored and leave.part in ("", "value", "left", "right"):
        given = statement if isinstance(statement, (ast.Assign, ast.AugAssign, ast.AnnAssign)) else None
        return given.value if given is not None else None
    return _part(node, leave.part)


def _part(node: ast.expr, part: str) -> ast.expr | None:
    if not part:
        return node
    name, _, at = part.partition(".")
    found = getattr(node, name, None)
    if isinstance(found, list) and name == "keywords":
        return next((k.value for k in found if k.arg == at), None)
    if isinstance(found, list):
        plain = not any(isinstance(e, ast.Starred) for e in found)
        return found[int(at)] if plain and int(at) < len(found) else None
    return found if isinstance(found, ast.expr) else None
