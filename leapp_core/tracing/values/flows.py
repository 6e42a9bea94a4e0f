"""Follow a Python value through the user's source: may it decide what later steps compute?

A value that left its tensor, or a Python number that counts, need not have changed anything in the captured steps: a
threshold was not reached yet. Values are followed through assignments, attributes, containers, arguments and results. A
value *decides* when it was compared, rounded, clipped or looked up, and then reaches a call of the program or a branch
on which the program depends. What cannot be followed is not claimed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from leapp_core.tracing.source.arguments import parameters_for, runs_lambda
from leapp_core.tracing.source.book import FUNCTIONS, Function, SourceFile, called_name, root_name
from leapp_core.tracing.source.local import is_global, is_shadowed
from leapp_core.tracing.source.owners import Candidate, Types, related
from leapp_core.tracing.source.rebinding import reaches
from leapp_core.tracing.source.reflection import (
    named_in_text,
    of_whole_objects,
    set_by_name,
    written_in_dictionary,
)
from leapp_core.tracing.source.statements import (
    DECLARING_NAMES,
    DECLARING_OUTPUTS,
    KEEPING_NAMES,
    LOG_NAMES,
    assignments,
    header_end,
    is_dropped,
    is_harmless,
    parts_of,
)
from leapp_core.tracing.values.attributes import attributes_given
from leapp_core.tracing.values.branches import MAX_CANDIDATES, Branches
from leapp_core.tracing.values.caught import ANY, raised_in
from leapp_core.tracing.values.deciding import (
    HARMLESS_CALLS,
    OF_CONTAINERS,
    SIZES,
    decides,
    of_object,
    of_size,
    only_tensors_have,
    within_numpy,
)
from leapp_core.tracing.values.effects import FILLING
from leapp_core.tracing.values.fate import Fate
from leapp_core.tracing.values.relevance import Relevance

# Functions of PyTorch and NumPy whose result has no record: values that are looked up, compared or only told.
_WITHOUT_RECORD = frozenset(
    {
        "isclose", "allclose", "equal", "array_equal", "all", "any", "sign", "digitize", "interp", "clip", "minimum",
        "maximum", "searchsorted", "where", "heaviside", "floor", "ceil", "trunc", "rint", "round", "floor_divide",
        "mod", "remainder", "fmod", "copysign", "count_nonzero", "nonzero",
    }
)  # fmt: skip


class Follower(Branches):
    """Follows one value.

    Args:
        relevance: What takes part in the program.
        growing: The value only ever grows (a counter): a branch taken at first and no more is a first step that
            initialises.
    """

    def __init__(self, relevance: Relevance, *, growing: bool = False) -> None:
        super().__init__(relevance, growing=growing)
        self._seen: set[tuple[ast.AST, str, Types]] = set()

    def follow(self, file: SourceFile, node: ast.expr, kind: str = "value") -> Fate:
        """Follow an expression.

        Args:
            file: Its file.
            node: The expression.
            kind: ``value`` (as it is), ``decided`` (compared or rounded already), ``unknown`` (what code that is not
                at hand made of it), ``sized`` (a tensor of which only the size is a Python value), ``array`` (recorded
                as long as it stays in NumPy), ``object`` (parts of it change, which its operators may look at).
        """
        first = node.values[0] if isinstance(node, ast.BoolOp) else getattr(node, "test", node)
        if first is node or kind in ("sized", "array") or not self._runs_or_raises(file, node, first, kind):
            self._climb(file, node, kind)
        return self._fate

    def checked(self, file: SourceFile, statement: ast.stmt) -> Fate:
        """Follow a value that is checked where the source does not show it: in an assertion, in a library."""
        if is_harmless(statement):
            self._check(file, statement)
            return self._fate
        return self.raises(file, statement, ANY)

    def raises(self, file: SourceFile, statement: ast.stmt, raised: str) -> Fate:
        """Follow an exception that a statement raises for some values, by the name of its class."""
        self._raising_matters(file, statement, raised)
        return self._fate

    def _climb(self, file: SourceFile, node: ast.AST, kind: str) -> None:
        if (node, kind, self._selves) in self._seen or self._fate.decides is not None:
            return
        self._seen.add((node, kind, self._selves))
        start, parent, place = node, file.parents.get(node), None
        while parent is not None and not isinstance(parent, ast.stmt):
            if isinstance(parent, ast.Tuple) and isinstance(file.parents.get(parent), ast.Return):
                place = next(i for i, part in enumerate(parent.elts) if part is node)
            following = self._through(file, node, parent, kind)
            if following is None:
                return
            node, kind, parent = parent, following, file.parents.get(parent)
        if isinstance(parent, ast.stmt):
            handed_on = node is start and _only_names(parent, node)
            self._arrive(file, parent, node, kind, handed_on=handed_on, place=place)

    # -- through expressions ---------------------------------------------------------------------------------------

    def _through(self, file: SourceFile, node: ast.AST, parent: ast.AST, kind: str) -> str | None:
        """Return the kind of the expression around, or ``None`` where the value goes no further upward."""
        if kind == "array":
            following = within_numpy(parent, node)
            if following != "array":
                return following
        elif kind == "object":
            following = of_object(parent, file.parents.get(parent))
            if following != "object":
                return following
        elif kind != "sized" and self._runs_or_raises(file, parent, node, kind):
            return None
        if isinstance(parent, ast.Call):
            return self._call(file, parent, node, kind)
        if kind == "sized":
            return of_size(parent, node)
        if isinstance(parent, ast.Attribute):
            return kind
        return self._within(file, node, parent, kind)

    def _within(self, file: SourceFile, node: ast.AST, parent: ast.AST, kind: str) -> str | None:
        if isinstance(parent, (ast.Lambda, ast.Yield, ast.withitem)):
            self._hand_over(file, parent, kind)
            return None
        if isinstance(parent, ast.comprehension):
            self._names(file, parent.target, kind)
            return "decided" if node in parent.ifs and kind != "array" else kind
        if isinstance(parent, ast.NamedExpr):
            self._names(file, parent.target, kind)
        return "decided" if kind != "array" and decides(parent, node) else kind

    def _runs_or_raises(self, file: SourceFile, parent: ast.AST, node: ast.AST, kind: str) -> bool:
        """Return whether an expression decides by what it runs (``late and self.reset()``), or by raising."""
        parts: list[ast.expr] = []
        if isinstance(parent, ast.BoolOp):
            parts = parent.values[parent.values.index(node) + 1 :] if node in parent.values else []
        elif isinstance(parent, ast.IfExp) and node is parent.test:
            parts = [parent.body, parent.orelse]
        if parts and self._changes_program(file, parts, 0):
            self._decide(file, parent.lineno if isinstance(parent, ast.expr) else 0)
            return True
        raised = raised_in(parent, node, grows=kind == "decided")
        return raised is not None and self._raising_matters(file, parent, raised)

    def _hand_over(self, file: SourceFile, parent: ast.AST, kind: str) -> None:
        """Follow what a ``lambda`` gives its callers, a generator its readers, ``with ... as`` its name."""
        around = file.parents.get(parent)
        if isinstance(parent, ast.withitem):
            if parent.optional_vars is not None:
                self._assign(file, parent.optional_vars, kind)
        elif isinstance(parent, ast.Yield):
            self._results(file, file.function_of(parent), kind)
        elif isinstance(around, ast.Assign):
            for target, _ in assignments(around):
                self._assign(file, target, kind)
        elif isinstance(around, ast.Call):  # ``pool.submit(lambda: ...).result()``
            self._climb(file, around, kind)
        elif isinstance(around, ast.keyword):  # ``max(things, key=lambda thing: thing.late)``, ``things.sort(key=...)``
            call = file.parents[around]
            if isinstance(call, ast.Call):
                if called_name(call) == "sort" and isinstance(call.func, ast.Attribute):
                    self._assign(file, call.func.value, "decided")
                self._climb(file, call, "decided")
        else:
            self._fate.followed = False

    def _call(self, file: SourceFile, call: ast.Call, node: ast.AST, kind: str) -> str | None:
        name = called_name(call)
        if kind == "sized" and (name == "len" or node is call.func):
            sizes = name == "len" or name in SIZES
            return "decided" if sizes else None if name in ("any", "all", "item", "tolist") else kind
        called = self._owners.called(file, call, self._selves)
        if node is call.func:
            gives = name in OF_CONTAINERS or (name == "setdefault" and not is_dropped(file, call))
            if called or kind == "array" or gives or only_tensors_have(name):
                return kind
            return None if name in KEEPING_NAMES else "decided"
        # A user's method may be called ``log`` or ``update``: names tell only where no function of the user is meant.
        if not called or self._owners.is_container(file, call):
            if name in DECLARING_NAMES or (name in LOG_NAMES and is_dropped(file, call)):
                return None
            if self._keeps(file, call, name, kind):
                return None
        if kind not in ("sized", "array") and runs_lambda(file, call, name):
            return "decided"
        if kind == "sized" and root_name(call.func) == "torch":
            return kind
        if called:
            return self._user_call(file, call, node, kind, called)
        return self._unknown_call(call, kind, name)

    def _unknown_call(self, call: ast.Call, kind: str, name: str) -> str | None:
        """Return what a call of other code makes of a value: something else, unless it is known to be recorded."""
        self._fate.followed = self._fate.followed and isinstance(call.func, ast.Name)
        if kind in ("sized", "object"):
            return None
        plain = isinstance(call.func, ast.Name) and name in HARMLESS_CALLS
        recorded = root_name(call.func) in ("torch", "np", "numpy") and name not in _WITHOUT_RECORD
        recorded |= name in DECLARING_OUTPUTS
        return kind if plain or recorded or kind == "array" else "unknown"

    def _keeps(self, file: SourceFile, call: ast.Call, name: str, kind: str) -> bool:
        """Follow what a call puts into a container or attribute; return whether it is such a call."""
        if name in KEEPING_NAMES and isinstance(call.func, ast.Attribute):
            self._assign(file, call.func.value, kind)
            for keyword in call.keywords:  # ``vars(thing).update(name=value)``
                attribute = written_in_dictionary(call.func.value, keyword.arg)
                if attribute is not None:
                    self._attribute(file, attribute, kind)
            return is_dropped(file, call)  # ``x.add(late)`` of a tensor gives what it computes
        if name in FILLING and call.args:
            self._assign(file, call.args[0], kind)
            return name == "heappush" or name.startswith("insort")
        attribute = set_by_name(call)
        if attribute is not None:
            self._attribute(file, attribute, kind)
        return attribute is not None

    def _user_call(
        self, file: SourceFile, call: ast.Call, node: ast.AST, kind: str, candidates: list[Candidate]
    ) -> str | None:
        for other, function, selves in candidates[:MAX_CANDIDATES]:
            with self._as(selves):
                self._parameter(other, function, call, node, kind)
        if len(candidates) > MAX_CANDIDATES:
            self._fate.followed = False
            return "decided"  # one of those that were not looked at may
        return self._unknown_call(call, kind, called_name(call)) if self._owners.may_be_another(file, call) else None

    def _parameter(self, file: SourceFile, function: Function, call: ast.Call, node: ast.AST, kind: str) -> None:
        names = parameters_for(function, call, node)
        if not names:
            self._fate.followed = False
        self._given(file, function, names, kind)

    def _given(self, file: SourceFile, function: Function, names: Iterable[str], kind: str) -> None:
        """Follow what parameters of a function are given."""
        for load in (load for name in names for load in file.loads.get(name, ())):
            if function in file.above(load) and (not isinstance(load, ast.Name) or reaches(file, function, load)):
                self._climb(file, load, kind)

    # -- statements --------------------------------------------------------------------------------------------------

    def _arrive(
        self, file: SourceFile, statement: ast.stmt, node: ast.AST, kind: str, *, handed_on: bool, place: int | None
    ) -> None:
        if is_harmless(statement) or isinstance(statement, (ast.If, ast.While, ast.Match)):
            if isinstance(statement, ast.Match):
                self._captured_names(file, statement, kind)
            if kind not in ("sized", "array"):
                self._test(file, statement)
            return
        if isinstance(statement, (ast.For, ast.AsyncFor)):
            if kind not in ("value", "array"):
                self._branch(file, statement)
            self._names(file, statement.target, kind)
            return
        deciding = kind in ("decided", "unknown") and not handed_on
        if deciding and self._relevance.statement(file, statement, header_end(statement)):
            self._decide(file, statement.lineno, known=kind == "decided")
        for target, _ in assignments(statement):
            self._assign(file, target, kind)
        if isinstance(statement, ast.Return):
            self._return(file, statement, kind, place)
        elif not isinstance(statement, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr)):
            self._fate.followed = False

    def _captured_names(self, file: SourceFile, statement: ast.Match, kind: str) -> None:
        """Follow the names that the patterns of a ``match`` give to its subject, or to parts of it."""
        for pattern in (n for case in statement.cases for n in ast.walk(case.pattern)):
            name = pattern.rest if isinstance(pattern, ast.MatchMapping) else getattr(pattern, "name", None)
            for load in file.loads.get(name, ()) if isinstance(name, str) else ():
                if statement in file.above(load):
                    self._climb(file, load, kind)

    def _return(self, file: SourceFile, statement: ast.Return, kind: str, place: int | None = None) -> None:
        """Follow what is returned, as the whole or as one part of a tuple."""
        function = file.function_of(statement)
        if isinstance(function, FUNCTIONS) and kind in ("decided", "unknown"):
            hook = self._relevance.is_hook(function)  # PyTorch takes what it gives
            if hook or self._relevance.is_handed_over(file, function):
                self._decide(file, statement.lineno, known=hook and kind == "decided")
        self._results(file, function, kind, place)

    def _results(self, file: SourceFile, function: ast.AST | None, kind: str, place: int | None = None) -> None:
        """Follow what a function gives its callers."""
        if not isinstance(function, FUNCTIONS):
            return
        if function.name == "__enter__":
            for other, item in self._book.contexts():
                self._hand_over(other, item, kind)
        calls = [c for c in self._owners.callers(file, function, self._selves) if self._relevance.steps(c[0], c[1])]
        loads = list(attributes_given(self._owners, self._book, file, function))
        for other, load in loads:
            self._climb(other, load, kind)
        if not loads and not calls:
            self._fate.followed = False
        for other, call, selves in calls:
            with self._as(selves):
                part = _unpacked(other, call, place)
                if part is None:
                    self._climb(other, call, kind)
                else:
                    self._assign(other, part, kind)

    def _assign(self, file: SourceFile, target: ast.expr, kind: str) -> None:
        key, whole = None, target
        while isinstance(target, (ast.Subscript, ast.Starred)):
            if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
                key = target.slice.value
            target = target.value
        if isinstance(whole, ast.Subscript):
            for other, name in self._relevance.aliases.of(file, whole):
                self._held(other, name, kind, key)
        self._held(file, written_in_dictionary(target, key) or target, kind, key)

    def _held(self, file: SourceFile, target: ast.expr, kind: str, key: object) -> None:
        if isinstance(target, ast.Name):
            self._names(file, target, kind, key)
        elif isinstance(target, ast.Attribute):
            self._attribute(file, target, kind, key)

    def unnamed(self, name: str, holders: Types) -> Fate:
        """Follow an attribute, decided already, to where it is read otherwise than by ``object.name``."""
        for other, node in named_in_text(self._book, name):
            self._load(other, node, "decided", None)
        for other, node in of_whole_objects(self._book, self._owners, holders):
            self._load(other, node, "decided", None)
        return self._fate

    def _attribute(self, file: SourceFile, target: ast.Attribute, kind: str, key: object = None) -> None:
        if kind in ("decided", "unknown"):
            if self._owners.is_library_setting(file, target):
                self._decide(file, getattr(target, "lineno", getattr(target.value, "lineno", 0)))
            holders = self._owners.of(file, target, self._selves)
            self.unnamed(target.attr, holders)
            self._of_modules(target.attr, holders, kind)
        for other, function in self._book.functions(target.attr):
            if any(isinstance(d, ast.Attribute) and d.attr == "setter" for d in function.decorator_list):
                self._given(other, function, [a.arg for a in function.args.args[1:]], kind)
        text = ast.unparse(target)
        loads = self._owners.loads(file, target, self._selves)
        for other, load, selves in sorted(loads, key=lambda found: ast.unparse(found[1]) != text):
            with self._as(selves):
                self._load(other, load, kind, key)

    def _names(self, file: SourceFile, target: ast.expr, kind: str, key: object = None) -> None:
        for part in parts_of(target):
            if not isinstance(part, ast.Name):
                self._assign(file, part, kind)
                continue
            scopes = [n for n in file.above(part) if isinstance(n, FUNCTIONS)]
            # Closures share the names of the function around them.
            scope = None if not scopes or is_global(file, part) else scopes[-1]
            if scope is None:
                self._read_by_others(file, part.id, kind, key)
            with self._as(self._selves if scope is not None else None):
                for load in file.loads.get(part.id, ()):
                    within = scope is None or scope in file.above(load)
                    within = within and not is_shadowed(file, load, part.id, part)
                    if within and (not isinstance(load, ast.Name) or reaches(file, part, load)):
                        self._load(file, load, kind, key)

    def _read_by_others(self, file: SourceFile, name: str, kind: str, key: object) -> None:
        """Follow a global name to where code of other files reads it: ``module.name``."""
        modules = self._owners.living.modules_of(file.path)
        for other, load in self._book.reads(name) if modules else ():
            holder = self._owners.of(other, load)
            if holder is not None and related(holder, modules):
                self._load(other, load, kind, key)

    def _of_modules(self, name: str, holders: Types, kind: str) -> None:
        """Follow ``module.name``, which functions of the module read as a global."""
        if not any(path == "<module>" for path, _ in holders or ()):
            return
        for file in self._book.files:
            if related(holders, self._owners.living.modules_of(file.path)):
                for load in file.loads.get(name, ()):
                    if isinstance(load, ast.Name) and not is_shadowed(file, load, name):
                        self._load(file, load, kind, None)

    def _load(self, file: SourceFile, load: ast.expr, kind: str, key: object) -> None:
        if self._relevance.comes_from_outside(file, load):
            return
        parent = file.parents.get(load)
        if key is not None and isinstance(parent, ast.Subscript) and isinstance(parent.slice, ast.Constant):
            other_key = parent.slice.value != key
            if other_key or not isinstance(parent.ctx, ast.Load):
                return
        self._climb(file, load, kind)


def _unpacked(file: SourceFile, call: ast.Call, place: int | None) -> ast.expr | None:
    """Return what one part of a call's results is assigned to, if they are taken apart where they come."""
    statement = file.parents.get(call)
    targets = statement.targets if isinstance(statement, ast.Assign) and statement.value is call else []
    apart = targets[0].elts if len(targets) == 1 and isinstance(targets[0], (ast.Tuple, ast.List)) else []
    if place is None or place >= len(apart) or any(isinstance(part, ast.Starred) for part in apart):
        return None
    return apart[place]


def _only_names(statement: ast.stmt, value: ast.AST) -> bool:
    """Return whether a statement does nothing with the result of a call but give it names."""
    targets = statement.targets if isinstance(statement, ast.Assign) and statement.value is value else []
    parts = [part for target in targets for part in parts_of(target)]
    return isinstance(value, ast.Call) and bool(parts) and all(isinstance(p, (ast.Name, ast.Attribute)) for p in parts)
