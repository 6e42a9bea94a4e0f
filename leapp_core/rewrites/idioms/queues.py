"""A queue of actions that is refilled when it is empty: a tensor of the chunk, and a counter that is a tensor."""

from __future__ import annotations

import ast

from leapp_core.rewrites.idioms.scope import Scope, blocks, expression, statements, zeros

_TAKES = ("{}.pop(0)", "{}.popleft()")


class Queues:
    """``if not self.queue: self.queue = list(model(obs))`` and ``self.queue.pop(0)``."""

    title = "a queue of actions, refilled when it is empty"

    def rewrite(self, function: ast.FunctionDef, scope: Scope) -> bool:
        """See :class:`~leapp_core.rewrites.idioms.scope.Rewriter`."""
        found = False
        for block in blocks(function):
            for at, statement in enumerate(block):
                queue = _emptied(statement)
                fact = scope.fact(queue) if queue else None
                if fact is not None and fact.of == "tensor" and isinstance(statement, ast.If) and not statement.orelse:
                    found |= _refilled(function, block, at, statement, queue, scope)
                    break
        return found


def _emptied(statement: ast.stmt) -> str:
    """Return the queue that an ``if`` finds empty."""
    if not isinstance(statement, ast.If):
        return ""
    test = statement.test
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return ast.unparse(test.operand)
    text = ast.unparse(test)
    if text.startswith("len(") and text.endswith((") == 0", ") < 1")):
        return text[4:].rpartition(")")[0]
    return ""


def _refilled(
    function: ast.FunctionDef, block: list[ast.stmt], at: int, statement: ast.If, queue: str, scope: Scope
) -> bool:
    takes = [take.format(queue) for take in _TAKES]
    fresh = scope.fresh("fresh")
    given = _replace_fill(statement.body, queue, fresh)
    fact = scope.fact(queue)
    if not given or fact is None:
        return False
    length = fact.length + 1
    counter = f"{queue}_at"
    row = f"{queue}.index_select(0, {counter}.reshape(1))[0]"
    advance = f"{counter} = ({counter} + 1) % {length}"
    keep = statements(f"{queue} = torch.where({counter} == 0, {fresh}, {queue})")
    taken = False
    for other in blocks(function):
        for line in list(other):
            value = getattr(line, "value", None)
            if isinstance(line, (ast.Return, ast.Assign)) and value is not None and ast.unparse(value) in takes:
                name = scope.fresh("action") if isinstance(line, ast.Return) else ast.unparse(line.targets[0])
                lines = [f"{name} = {row}", advance, *([f"return {name}"] if isinstance(line, ast.Return) else [])]
                other[other.index(line) : other.index(line) + 1] = statements(*lines)
                taken = True
                break
        if taken:
            break
    if not taken:
        return False
    at = block.index(statement)
    block[at : at + 1] = [*statement.body, *keep]
    rows = type(fact)("tensor", shape=[length, *fact.shape], dtype=fact.dtype)
    scope.begins[queue] = f"{zeros(rows)}\n{counter} = torch.tensor(0)"
    return True


def _replace_fill(body: list[ast.stmt], queue: str, fresh: str) -> bool:
    """Put the name of a tensor in place of what fills the queue."""
    for at, line in enumerate(body):
        if isinstance(line, ast.With) and _replace_fill(line.body, queue, fresh):
            return True
        value = None
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == queue:
            value = line.value
        call = line.value if isinstance(line, ast.Expr) else None
        if isinstance(call, ast.Call) and ast.unparse(call.func) == f"{queue}.extend":
            value = call.args[0]
        if value is not None:
            body[at] = ast.Assign([ast.Name(fresh, ast.Store())], _rows(value), lineno=0)
            return True
    return False


def _rows(value: ast.expr) -> ast.expr:
    if isinstance(value, ast.Call) and ast.unparse(value.func) in ("list", "deque", "collections.deque"):
        return _rows(value.args[0])
    if isinstance(value, (ast.List, ast.ListComp)):
        return ast.Call(expression("torch.stack"), [value], [])
    return value
