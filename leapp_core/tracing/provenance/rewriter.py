"""Copies of the user's functions in which arithmetic, calls and attributes go through hooks.

A whole file is rewritten and compiled as it is. Rewriting replaces expressions by calls and never adds or removes a
scope, so the code objects of both versions correspond one to one, with the same free variables and the same lines.
"""

from __future__ import annotations

import ast
import copy
import linecache
import warnings
from collections import Counter
from functools import lru_cache
from types import CodeType
from typing import Any

from leapp_core.tracing.provenance.attributes import attributes, parsed
from leapp_core.tracing.provenance.expressions import HOOKS, UNHOOKED, ExpressionRewriter, number
from leapp_core.tracing.provenance.operators import BINARY_CODES
from leapp_core.tracing.provenance.plain_code import assigned_names, is_plain, leaves_it
from leapp_core.tracing.provenance.queue_code import asks, queue_names
from leapp_core.tracing.provenance.scopes import (
    GLOBALS,
    AsAttributes,
    again,
    again_key,
    calls,
    classes_in,
    constants_of,
    declared_elsewhere,
    globals_of,
    is_written_out,
    leaves_alone,
    local_names,
    mangled,
    modules_of,
)
from leapp_core.tracing.provenance.statements import flattened, own_nodes
from leapp_core.tracing.source.callsite import codes_in

_LONGEST = 20_000  # lines
_DEEPEST = 6  # Python nests at most twenty blocks
_NOTHING: tuple[dict[CodeType, CodeType], frozenset[CodeType]] = ({}, frozenset())
_WAY = ".way"
_OUTLIVING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.Yield, ast.YieldFrom)
"""What may know a function's local names when a step has ended."""


def rewritten(file: str, stored: frozenset[str], computed: frozenset[str] = frozenset()) -> dict[CodeType, CodeType]:
    """Return the code objects of a file's functions and their rewritten copies; empty if that cannot be.

    Args:
        file: Its path, as code objects name it.
        stored: Attributes whose numbers are followed.
        computed: Attributes that classes compute.
    """
    return _rewritten(file, stored & attributes(file).named, computed & attributes(file).named)[0]


def plain_codes(file: str, stored: frozenset[str], computed: frozenset[str] = frozenset()) -> frozenset[CodeType]:
    """Return those of a file's functions of which everything that they do goes through hooks, as they were."""
    return _rewritten(file, stored & attributes(file).named, computed & attributes(file).named)[1]


@lru_cache(maxsize=512)
def _rewritten(
    file: str, stored: frozenset[str], computed: frozenset[str]
) -> tuple[dict[CodeType, CodeType], frozenset[CodeType]]:
    tree = parsed(file)
    if tree is None:
        return _NOTHING
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # told when the user's file was compiled
            original = compile("".join(linecache.getlines(file)), file, "exec", dont_inherit=True)
            queues, modules = queue_names(ast.walk(tree)), modules_of(tree)
            rewriter = Rewriter(file, stored, computed, constants_of(tree), queues, modules, globals_of(tree))
            copy = compile(ast.fix_missing_locations(rewriter.visit(tree)), file, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return _NOTHING
    both = list(codes_in(original)), list(codes_in(copy))
    pairs = list(zip(*both, strict=False))
    if len(both[0]) != len(both[1]):
        return _NOTHING
    if any(_shape(one) != _shape(other) for one, other in pairs):
        return _NOTHING
    alone, plain = set(rewriter.left_alone), set(rewriter.plain)
    kept = {a: b for a, b in pairs[1:] if (a.co_name, a.co_firstlineno) not in alone}
    return kept, frozenset(a for a in kept if (a.co_name, a.co_firstlineno) in plain)


def bound_to(code: CodeType, hooks: Any, original: CodeType) -> CodeType:
    """Return rewritten code whose hooks are ``hooks``; it names all that the original names, for those who look."""
    inner = iter([c for c in original.co_consts if isinstance(c, CodeType)])
    constants = tuple(
        hooks
        if isinstance(c, str) and c == HOOKS
        else bound_to(c, hooks, next(inner))
        if isinstance(c, CodeType)
        else c
        for c in code.co_consts
    )
    names = code.co_names + tuple(n for n in original.co_names if n not in code.co_names)
    return code.replace(co_consts=constants, co_names=names)


def _place(node: ast.AST) -> tuple[str, int] | None:
    """Return name and first line of a function as its code has them; ``None`` of other nodes."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return node.name, min([node.lineno, *(d.lineno for d in node.decorator_list)])
    return ("<lambda>", node.lineno) if isinstance(node, ast.Lambda) else None


def _loads(statements: list[ast.stmt]) -> Counter[str]:
    """Return how often names are read, in functions defined within, too."""
    read = (n.id for s in statements for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
    return Counter(read) + Counter(
        s.target.id for top in statements for s in ast.walk(top)
        if isinstance(s, ast.AugAssign) and isinstance(s.target, ast.Name)
    )  # fmt: skip


def _shape(code: CodeType) -> tuple[Any, ...]:
    arguments = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags
    inside = sum(isinstance(c, CodeType) for c in code.co_consts)
    local = {name for name in code.co_varnames if not name.startswith(".")}  # ours begin with a dot
    free, cells = ([n for n in names if not n.startswith(".")] for names in (code.co_freevars, code.co_cellvars))
    names = code.co_name, code.co_firstlineno, tuple(free), frozenset(cells), local
    return names, arguments, inside


class Rewriter(ExpressionRewriter):
    """Puts hooks into the bodies of functions.

    Args:
        file: Path of the file.
        stored: Attributes whose numbers are followed.
        computed: Attributes that classes compute.
        constants: Names of the module's constants.
        queues: Attributes that are queues by their source.
        modules: Names of modules.
        names: Names of the module that functions assign.

    Attributes:
        left_alone: Name and first line of the functions that stay as they are.
        plain: The same of those of which everything that they do goes through hooks.
    """

    def __init__(
        self,
        file: str,
        stored: frozenset[str],
        computed: frozenset[str],
        constants: frozenset[str] = frozenset(),
        queues: frozenset[str] = frozenset(),
        modules: frozenset[str] = frozenset(),
        names: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(file, stored, computed, queues, modules)
        self._global = names
        self._constants = constants
        self._locals: frozenset[str] = frozenset()
        self.left_alone: list[tuple[str, int]] = []
        self.plain: list[tuple[str, int]] = []
        self._loads: Counter[str] = Counter()
        self._depth = 0
        self._within = False  # in a class that a function defines
        self._keeps = False  # nothing outlives the function in which names of its own are

    # -- scopes ----------------------------------------------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Rewrite a function, unless it looks at its own names."""
        if self._inside:
            node.args.defaults = [self._plain(d) for d in node.args.defaults]
            node.args.kw_defaults = [None if d is None else self._plain(d) for d in node.args.kw_defaults]
            node.decorator_list = [self._plain(d) for d in node.decorator_list]
        if leaves_alone(node):
            self._leave_alone(node)
            return node
        if classes := classes_in(node):
            return self._with_classes(node, classes)
        before = self._elsewhere, self._loads, self._depth, self._locals, self._keeps
        self._keeps = not any(isinstance(n, _OUTLIVING) for n in own_nodes(node.body))
        self._elsewhere = declared_elsewhere(node)
        self._locals = self._locals | local_names(node)
        outer = (
            self._inside
            or self._within
            or any(isinstance(n, (ast.FunctionDef, ast.Lambda)) for n in own_nodes(node.body))
        )
        begin = [] if outer else self._of_module(node)
        node.body = flattened(node)
        if is_plain(node.body, self._stored, self._elsewhere, UNHOOKED):
            self.plain.append(_place(node))  # type: ignore[arg-type] # it is a function
        self._loads, self._depth = _loads(node.body), 0
        self._scope(node, inside=True)
        node.body = [*begin, *node.body]
        self._elsewhere, self._loads, self._depth, self._locals, self._keeps = before
        return node

    def _with_classes(self, node: ast.FunctionDef, classes: list[ast.ClassDef]) -> ast.AST:
        """Rewrite the methods of the classes that a function defines; what else it does stays as it is."""
        before = self._inside, self._within, self._locals
        self._leave_alone(node)
        apart = {id(n) for cls in classes for n in ast.walk(cls)}
        inner = [n for n in ast.walk(node) if id(n) in apart]
        for function in inner:
            if place := _place(function):
                self.left_alone.remove(place)
        self._within, self._locals = True, self._locals | local_names(node)
        for cls in classes:
            self._inside = False
            self.visit(cls)
        self._inside, self._within, self._locals = before
        return node

    def _of_module(self, node: ast.FunctionDef) -> list[ast.stmt]:
        """Write the module's names that functions assign as its attributes; return what a function begins with then."""
        own = local_names(node) - self._elsewhere
        writer = AsAttributes(self._global - own)
        node.body = [writer.visit(s) for s in node.body]
        if not writer.used:
            return []
        names = ast.Call(ast.Name("globals", ast.Load()), [], [])
        made = ast.Assign([ast.Name(GLOBALS, ast.Store())], self._hook(node.body[0], "hook_module", [names]))
        return [ast.fix_missing_locations(ast.copy_location(made, node.body[0]))]

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        """Leave coroutines alone."""
        self._leave_alone(node)
        return node

    def _leave_alone(self, node: ast.AST) -> None:
        self.left_alone += filter(None, map(_place, ast.walk(node)))

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Rewrite the methods of a class."""
        before, self._class = self._class, node.name
        self._scope(node, inside=False)
        self._class = before
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        """Rewrite the expression of a ``lambda``."""
        if self._inside:
            node.args.defaults = [self._plain(d) for d in node.args.defaults]
            node.args.kw_defaults = [None if d is None else self._plain(d) for d in node.args.kw_defaults]
        before, self._inside = self._inside, True
        node.body = self._hook(node.body, "hook_returned", [self.visit(node.body)])
        self._inside = before
        return node

    def _scope(self, node: Any, *, inside: bool) -> None:
        before, self._inside = self._inside, inside
        node.body = self._all(node.body)
        self._inside = before

    def _all(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """Rewrite statements; one may become several."""
        made: list[ast.stmt] = []
        for statement in statements:
            new: Any = self.visit(statement)
            made += new if isinstance(new, list) else [new]
        return made

    # -- statements ------------------------------------------------------------------------------------------------

    def visit_Return(self, node: ast.Return) -> ast.AST:
        """Give numbers with an origin to rewritten code only."""
        if node.value is not None:  # a joined result was given where it was made, too
            node.value = self._hook(node.value, "hook_returned", [self._written(node.value)])
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        """Note what attributes and items are given."""
        if not self._inside:
            return self.generic_visit(node)
        target = node.targets[0]
        if len(node.targets) == 1 and isinstance(target, ast.Subscript):
            call = self._hook(target, "hook_set_item", [self.visit(node.value), self.visit(target.value)])
            call.args += [self._key(target.slice), self._flag(self._is_constant(node.value))]  # type: ignore[attr-defined]
            return ast.copy_location(ast.Expr(call), node)
        if len(node.targets) == 1 and isinstance(target, ast.Attribute) and target.attr in self._stored:
            return self._store(node, target, self.visit(node.value), constant=self._is_constant(node.value))
        value = self._written(node.value)
        for mark, hook in (("returned", "hook_returned"), ("truth", "hook_truth")):
            if getattr(node, mark, False):
                value = self._hook(node.value, hook, [value])
        node.value = value if all(map(self._is_local, node.targets)) else self._hook(value, "hook_plain", [value])
        node.targets = [self._target(t) for t in node.targets]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Note what an attribute with a type is given."""
        if not self._inside or node.value is None:
            return node
        target = node.target
        if isinstance(target, ast.Attribute) and target.attr in self._stored:
            return self._store(node, target, self.visit(node.value), constant=self._is_constant(node.value))
        value = self._written(node.value)
        node.value = value if self._is_local(target) else self._hook(value, "hook_plain", [value])
        node.target = self._target(target)  # type: ignore[assignment]
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        """Compute ``a += b`` by hooks where evaluating ``a`` twice does nothing more."""
        if not self._inside:
            return node
        target, code = node.target, number(BINARY_CODES[type(node.op).__name__])
        simple = isinstance(target, ast.Name) or not calls(node.value)
        if isinstance(target, ast.Name):
            value = self.visit(node.value)
            if target.id in self._elsewhere:
                node.value = self._hook(node.value, "hook_plain", [value])
                return node
            made = self._hook(node, "hook_in_place", [code, again(target), value])  # type: ignore[list-item]
            return ast.copy_location(ast.Assign([target], made), node)
        if isinstance(target, ast.Attribute):
            owner = again(target.value)
            own = isinstance(target.value, ast.Name)
            if owner is not None and target.attr in self._stored and (own or simple):
                read = self.visit(ast.copy_location(ast.Attribute(owner, target.attr, ast.Load()), target))
                made = self._hook(node, "hook_in_place", [code, read, self.visit(node.value)])
                return self._store(node, target, made, constant=False)
        if isinstance(target, ast.Subscript) and simple:
            base, key = again(target.value), again_key(target.slice)
            if base is not None and key is not None:
                read = self._hook(target, "hook_get_item", [self.visit(base), self._key(key)])
                made = self._hook(node, "hook_in_place", [code, read, self.visit(node.value)])
                call = self._hook(target, "hook_set_item", [made, self.visit(target.value), self._key(target.slice)])
                call.args.append(self._flag(False))  # type: ignore[attr-defined]
                return ast.copy_location(ast.Expr(call), node)
        node.value = self._plain(node.value)
        node.target = self._target(target)  # type: ignore[assignment]
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        """Iterate as before; what attributes and items are given has no origin."""
        if not self._inside:
            return self.generic_visit(node)
        local = self._is_local(node.target)
        node.iter = self._hook(node.iter, "hook_looped", [self.visit(node.iter) if local else self._plain(node.iter)])
        node.target = self._target(node.target)
        node.body = self._all(node.body)
        node.orelse = self._all(node.orelse)
        return node

    def visit_If(self, node: ast.If) -> Any:
        """Run both ways where everything that they do is seen, and let them meet."""
        asks = getattr(node.test, "asks", "")
        if asks:
            further = getattr(node.test, "count", "")
            counted = [ast.copy_location(ast.Name(further, ast.Load()), node)] if further else []
            node.test = self._hook(node, f"hook_{asks}", [node.test, *counted])
            return node
        ways = [*node.body, *node.orelse]
        seen = self._inside and is_plain(ways, self._stored, self._elsewhere, UNHOOKED) and not leaves_it(ways)
        if not seen or self._depth >= _DEEPEST:
            return self._tested(node)
        within = _loads(ways)
        names = sorted(name for name in assigned_names(ways) if self._loads[name] > within[name])
        self._depth += 1
        test = node.test
        node.body, node.orelse = self._all(node.body), self._all(node.orelse)
        node.test = self._asked(node)
        self._depth -= 1
        return self._both_ways(node, test, names)

    def _asked(self, node: ast.If) -> ast.expr:
        """Return the test of an ``if``; where it asks whether a queue is empty, the way for that knows that it is."""
        named, queue, empty = asks(node.test)
        if named is None or named.attr not in self._queues:
            return self.visit(node.test)  # type: ignore[no-any-return]
        known = ast.Expr(self._hook(queue, "hook_emptied", [self._queue(copy.deepcopy(queue))]))
        ways = node.body if empty else node.orelse
        if ways:
            ways.insert(0, ast.fix_missing_locations(ast.copy_location(known, queue)))
        return self._queue(queue) if queue is node.test else self.visit(node.test)

    def _both_ways(self, node: ast.If, test: ast.expr, names: list[str]) -> list[ast.stmt]:
        """Return ``for way in both: with way: if way.value: … else: …`` and what its names are before and after."""
        way = f"{_WAY}{self._depth}"

        def at(made: ast.AST) -> Any:
            return ast.fix_missing_locations(ast.copy_location(made, test))

        def part(attribute: str) -> ast.expr:
            return ast.Attribute(ast.Name(way, ast.Load()), attribute, ast.Load())

        def given(attribute: str) -> list[ast.stmt]:
            targets: list[ast.expr] = [ast.Name(name, ast.Store()) for name in names]
            assigned = ast.Assign([ast.Tuple(targets, ast.Store())], part(attribute))
            return [at(ast.If(part(attribute), [assigned], []))] if names else []

        node.test, asked = at(part("value")), node.test
        entered = at(ast.With([ast.withitem(ast.Name(way, ast.Load()))], []))
        entered.body = [node]
        ways = self._hook(test, "hook_branches", [asked, at(ast.Constant(tuple(names)))])  # type: ignore[arg-type]
        loop = at(ast.For(ast.Name(way, ast.Store()), ways, [], []))
        loop.body = [*given("before"), entered]
        return [loop, *given("merged")]

    def visit_While(self, node: ast.While) -> ast.AST:
        """Test a plain value."""
        return self._tested(node)

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        """Test a plain value."""
        return self._tested(node)

    def visit_Delete(self, node: ast.Delete) -> ast.AST:
        """Delete as before."""
        if self._inside:
            node.targets = [self._target(t) for t in node.targets]
        return node

    def visit_With(self, node: ast.With) -> ast.AST:
        """Enter as before."""
        if not self._inside:
            return self.generic_visit(node)
        for item in node.items:
            item.context_expr = self._plain(item.context_expr)
            if item.optional_vars is not None:
                item.optional_vars = self._target(item.optional_vars)
        node.body = self._all(node.body)
        return node

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        """Raise as before."""
        if self._inside and node.exc is not None:
            node.exc = self._plain(node.exc)
        return node

    def visit_Match(self, node: ast.Match) -> ast.AST:
        """Match a plain value."""
        if not self._inside:
            return self.generic_visit(node)
        node.subject = self._plain(node.subject)
        for case in node.cases:
            case.guard = None if case.guard is None else self._plain(case.guard)
            case.body = self._all(case.body)
        return node

    @staticmethod
    def _flag(value: bool) -> ast.expr:
        return ast.Constant(value)

    def _written(self, node: ast.expr) -> ast.expr:
        """Return an expression whose value is a constant if it is written out."""
        if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load):
            return ast.copy_location(ast.Tuple([self._written(e) for e in node.elts], ast.Load()), node)
        made = isinstance(node, (ast.List, ast.ListComp)) or (
            isinstance(node, ast.BinOp) and isinstance(node.left, ast.List)
        )
        value: ast.expr = self.visit(node)
        if made and self._keeps:
            return self._hook(node, "hook_list", [value])
        return self._hook(node, "hook_constant", [value]) if self._is_constant(node) else value

    def _is_constant(self, node: ast.expr) -> bool:
        """Return whether an expression is a number written out in the source, perhaps under a module's name for it."""
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        return is_written_out(node, self._constants) and names.isdisjoint(self._locals)

    def _store(self, node: ast.stmt, target: ast.Attribute, value: ast.expr, *, constant: bool) -> ast.AST:
        place = ast.Constant((mangled(target.attr, self._class), constant))  # type: ignore[arg-type]
        hook = "hook_queue_store" if target.attr in self._queues else "hook_store"
        call = self._hook(target, hook, [value, self.visit(target.value), place])
        return ast.copy_location(ast.Expr(call), node)

    def _target(self, target: ast.expr) -> ast.expr:
        """Return what is assigned to, its owners and keys rewritten."""
        if isinstance(target, (ast.Tuple, ast.List)):
            target.elts = [self._target(t) for t in target.elts]
        elif isinstance(target, ast.Starred):
            target.value = self._target(target.value)
        elif isinstance(target, ast.Attribute):
            target.value = self.visit(target.value)
        elif isinstance(target, ast.Subscript):
            target.value = self.visit(target.value)
            target.slice = self._hook(target, "hook_plain", [self._key(target.slice)])
        return target
