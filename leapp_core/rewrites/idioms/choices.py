"""``if tensor: x = ...``: both ways are computed and ``torch.where`` chooses."""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass, field

from leapp_core.rewrites.idioms.scope import Scope, expression, zeros

_STRAIGHT = (ast.Assign, ast.AugAssign, ast.Pass, ast.With, ast.Return)


class Choices:
    """Branches on values that change, also those that return early."""

    title = "a branch on a tensor, a counter or a flag"

    def rewrite(self, function: ast.FunctionDef, scope: Scope) -> bool:
        """See :class:`~leapp_core.rewrites.idioms.scope.Rewriter`."""
        job = _Job(scope, {a.arg for a in function.args.args})
        try:
            function.body = job.block(function.body)
        except _NotStraightError:
            return False
        return job.changed


class _NotStraightError(Exception):
    """A branch does what cannot be done in advance."""


@dataclass
class _Branch:
    """A branch, computed in advance.

    Attributes:
        body: What computes it.
        values: By target, the source of the value that it leaves.
        result: What it returns.
    """

    body: list[ast.stmt] = field(default_factory=list)
    values: dict[str, ast.expr] = field(default_factory=dict)
    result: ast.expr | None = None


@dataclass
class _Job:
    scope: Scope
    known: set[str]
    changed: bool = False

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Return statements without branches on values that move."""
        out: list[ast.stmt] = []
        for at, statement in enumerate(body):
            if isinstance(statement, ast.If) and self.scope.moves(statement.test):
                rest = body[at + 1 :]
                if _returns(statement) and not (_ends(statement.body) and _ends(statement.orelse)):
                    statement, rest = _with_rest(statement, rest), []
                out += self.choice(statement)
                return out + self.block(rest)
            for name in ("body", "orelse", "finalbody"):
                inner = getattr(statement, name, None)
                if isinstance(inner, list) and inner and isinstance(inner[0], ast.stmt):
                    setattr(statement, name, self.block(inner))
            out.append(statement)
            self.known |= _targets(statement)
        return out

    def choice(self, statement: ast.If) -> list[ast.stmt]:
        self.changed = True
        known = set(self.known)
        yes = self.branch(self.block(statement.body))
        self.known = set(known)
        no = self.branch(self.block(statement.orelse))
        self.known = known
        names = [n for n in dict.fromkeys([*yes.values, *no.values]) if n in known or "." in n or
                 (n in yes.values and n in no.values)]  # fmt: skip
        out: list[ast.stmt] = []
        test = statement.test
        results = [yes.result, no.result]
        read = {ast.unparse(n) for n in ast.walk(test) if isinstance(n, (ast.Name, ast.Attribute))}
        merges = len(names) + (yes.result is not None)
        if merges > 1 or read & set(names):
            chosen = self.scope.fresh("chosen")
            out.append(ast.Assign([ast.Name(chosen, ast.Store())], _condition(test, self.scope), lineno=0))
            condition: ast.expr = ast.Name(chosen, ast.Load())
        else:
            condition = _condition(test, self.scope)
        out += [*yes.body, *no.body]
        for name in names:
            ways = [branch.values.get(name, expression(name)) for branch in (yes, no)]
            self._begins(name, ways)
            out.append(_assign(name, _where(condition, *ways)))
            self.known.add(name)
        if results[0] is not None and results[1] is not None:
            out.append(ast.Return(_where(condition, results[0], results[1])))
        elif results[0] is not None or results[1] is not None:
            raise _NotStraightError
        return out

    def _begins(self, name: str, ways: list[ast.expr]) -> None:
        """Let state that begins with ``None`` begin with zeros: both ways are computed in the first step, too."""
        fact = self.scope.fact(name)
        kept = any(ast.unparse(way) == name for way in ways)
        if kept and fact is not None and fact.kind == "tensor" and "." in name:
            self.scope.begins.setdefault(f"{name}=None", zeros(fact))

    def branch(self, body: list[ast.stmt]) -> _Branch:
        """Return a branch with names of its own for what it assigns."""
        branch = _Branch()
        renamed: dict[str, str] = {}
        for statement in body:
            branch.body += self._computed(statement, branch, renamed)
        self._put_in(branch)
        return branch

    def _computed(self, statement: ast.stmt, branch: _Branch, renamed: dict[str, str]) -> list[ast.stmt]:
        if isinstance(statement, ast.Pass):
            return []
        if isinstance(statement, ast.Return) and statement.value is not None:
            branch.result = _Renamed(renamed).visit(copy.deepcopy(statement.value))
            return []
        if isinstance(statement, ast.With):
            if statement.body and isinstance(last := statement.body[-1], ast.Return) and last.value is not None:
                answer = self.scope.fresh("answer")  # it stays where it is: within torch.no_grad()
                kept = ast.Assign([ast.Name(answer, ast.Store())], last.value, lineno=0)
                inner = [s for part in statement.body[:-1] for s in self._computed(part, branch, renamed)]
                kept.value = _Renamed(renamed).visit(copy.deepcopy(last.value))
                branch.result = ast.Name(answer, ast.Load())
                return [ast.With(statement.items, [*inner, kept], lineno=0)]
            inner = [s for part in statement.body for s in self._computed(part, branch, renamed)]
            return [ast.With(statement.items, inner, lineno=0)] if inner else []
        if isinstance(statement, ast.AugAssign):
            read = copy.deepcopy(statement.target)
            read.ctx = ast.Load()
            statement = ast.Assign([statement.target], ast.BinOp(read, statement.op, statement.value), lineno=0)
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            raise _NotStraightError
        target = statement.targets[0]
        pairs = [(target, statement.value)]
        if isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple):
            pairs = list(zip(target.elts, statement.value.elts, strict=True))
        out: list[ast.stmt] = []
        values = [_Renamed(renamed).visit(copy.deepcopy(value)) for _, value in pairs]
        for (each, _), value in zip(pairs, values, strict=True):
            if not isinstance(each, (ast.Name, ast.Attribute)):
                raise _NotStraightError
            name = ast.unparse(each)
            new = renamed[name] = self.scope.fresh("new_" + name.rpartition(".")[2].lstrip("_"))
            branch.values[name] = ast.Name(new, ast.Load())
            out.append(ast.Assign([ast.Name(new, ast.Store())], value, lineno=0))
        return out

    def _put_in(self, branch: _Branch) -> None:
        """Put values that are used once in their place."""
        for name, value in list(branch.values.items()):
            made = [
                s for s in branch.body if isinstance(s, ast.Assign) and ast.unparse(s.targets[0]) == ast.unparse(value)
            ]
            others = [s for s in branch.body if s not in made]
            text = ast.unparse(value)
            used = any(isinstance(n, ast.Name) and n.id == text for s in others for n in ast.walk(s))
            used |= branch.result is not None and text in ast.unparse(branch.result)
            if len(made) == 1 and not used:
                branch.body.remove(made[0])
                branch.values[name] = made[0].value
                self.scope.taken.discard(text)


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Name(self._names[node.id], node.ctx) if node.id in self._names else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        text = ast.unparse(node)
        if text in self._names:
            return ast.Name(self._names[text], node.ctx)
        self.generic_visit(node)
        return node


def _returns(statement: ast.AST) -> bool:
    return any(isinstance(node, ast.Return) for node in ast.walk(statement))


def _ends(body: list[ast.stmt]) -> bool:
    if not body:
        return False
    last = body[-1]
    if isinstance(last, ast.With):
        return _ends(last.body)
    return isinstance(last, ast.Return) or (isinstance(last, ast.If) and _ends(last.body) and _ends(last.orelse))


def _with_rest(statement: ast.If, rest: list[ast.stmt]) -> ast.If:
    """Put what follows an early return where it belongs: into the other way."""
    body = statement.body if _ends(statement.body) else [*statement.body, *copy.deepcopy(rest)]
    orelse = statement.orelse if _ends(statement.orelse) else [*statement.orelse, *copy.deepcopy(rest)]
    return ast.If(statement.test, body, orelse, lineno=0)


def _targets(statement: ast.AST) -> set[str]:
    nodes = (n for n in ast.walk(statement) if isinstance(n, (ast.Name, ast.Attribute)))
    return {ast.unparse(n) for n in nodes if isinstance(n.ctx, ast.Store)}


def _assign(name: str, value: ast.expr) -> ast.stmt:
    target = expression(name)
    target.ctx = ast.Store()  # type: ignore[attr-defined]
    return ast.Assign([target], value, lineno=0)


def _where(condition: ast.expr, yes: ast.expr, no: ast.expr) -> ast.expr:
    return ast.Call(expression("torch.where"), [copy.deepcopy(condition), yes, no], [])


def _condition(test: ast.expr, scope: Scope) -> ast.expr:
    """Return a test as one of tensors: numbers alone are compared with zero."""
    if isinstance(test, (ast.Name, ast.Attribute)):
        fact = scope.fact(test)
        if fact is not None and fact.kind in ("int", "float"):
            return ast.Compare(test, [ast.NotEq()], [ast.Constant(0)])
    return test
