"""Expressions of the user's functions with hooks in them."""

from __future__ import annotations

import ast
import builtins
from typing import Any

from leapp_core.tracing.provenance.operators import BINARY_CODES, COMPARE_CODES, UNARY_CODES
from leapp_core.tracing.provenance.queue_code import METHODS, queue_of
from leapp_core.tracing.provenance.scopes import first_name, is_local, is_written_out, last_name, mangled

HOOKS = "\0leapp.hooks"
"""Constant in rewritten code that stands for the session's hooks."""
# What these do depends on the frame that calls them, or on who calls.
_UNTOUCHED = frozenset({"super", "globals", "isinstance", "issubclass", "hasattr", "type", "callable"})
_DECLARING = frozenset(
    {"input_tensors", "output_tensors", "state_tensors", "update_state", "register_buffer", "reset_state", "prove"}
)
# What these tell or keep has the place of their caller in it.
_LOOKING_AT_CALLERS = frozenset(
    {"print", "debug", "info", "warning", "error", "exception", "critical", "log", "warn", "warn_explicit"}
    | {"stack", "trace", "currentframe", "_getframe", "getframeinfo", "namedtuple", "NamedTuple", "TypeVar", "NewType"}
    | {"Enum", "make_dataclass", "script", "breakpoint", "set_trace"}
)

UNHOOKED = _DECLARING | _LOOKING_AT_CALLERS | {"super", "globals"}
"""Names of functions that are called as before."""


class ExpressionRewriter(ast.NodeTransformer):
    """Puts hooks into expressions.

    Args:
        file: Path of the file.
        stored: Attributes whose numbers are followed.
        computed: Attributes that classes compute.
        queues: Attributes that are queues by their source.
        modules: Names of modules.
    """

    def __init__(
        self,
        file: str,
        stored: frozenset[str],
        computed: frozenset[str],
        queues: frozenset[str] = frozenset(),
        modules: frozenset[str] = frozenset(),
    ) -> None:
        self._file, self._stored, self._computes, self._queues = file, stored, computed, queues
        self._modules = modules
        self._inside = False
        self._class = ""
        self._elsewhere: frozenset[str] = frozenset()

    def _is_local(self, target: ast.expr) -> bool:
        return is_local(target, self._elsewhere)

    def _tested(self, node: Any) -> ast.AST:
        if not self._inside:
            return self.generic_visit(node)
        test = node.test
        self.generic_visit(node)
        node.test = self._hook(test, "hook_plain", [node.test])
        return node  # type: ignore[no-any-return]

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """``a + b``."""
        constant = is_written_out(node)
        self.generic_visit(node)
        if not self._inside or constant:
            return node
        hook = "hook_binary_given" if is_written_out(node.left) or is_written_out(node.right) else "hook_binary"
        return self._hook(node, hook, [number(BINARY_CODES[type(node.op).__name__]), node.left, node.right])

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        """``-a``, ``not a``."""
        constant, inner = isinstance(node.operand, ast.Constant), node.operand
        if self._inside and isinstance(node.op, ast.Not) and self._is_queue(node.operand):
            node.operand = self._queue(node.operand)
        else:
            self.generic_visit(node)
        if not self._inside or constant:
            return node
        if isinstance(node.op, ast.Not):
            return self._hook(inner, "hook_not", [node.operand])
        return self._hook(node, "hook_unary", [number(UNARY_CODES[type(node.op).__name__]), node.operand])

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        """``a and b`` asks plain values."""
        if not self._inside:
            return self.generic_visit(node)
        node.values = [self._plain(v) for v in node.values]
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        """``a if test else b`` asks a plain value."""
        return self._tested(node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """``a < b``."""
        if not self._inside:
            return self.generic_visit(node)
        code = COMPARE_CODES.get(type(node.ops[0]).__name__)
        if len(node.ops) == 1 and code is not None:
            left, right = self.visit(node.left), self.visit(node.comparators[0])
            return self._hook(node, "hook_compare", [number(code), left, right])
        if len(node.ops) == 1 and isinstance(node.ops[0], (ast.Is, ast.IsNot)):
            negated = ast.Constant(isinstance(node.ops[0], ast.IsNot))
            return self._hook(node, "hook_is", [negated, self.visit(node.left), self.visit(node.comparators[0])])
        if len(node.ops) == 1 and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            negated = ast.Constant(isinstance(node.ops[0], ast.NotIn))
            return self._hook(node, "hook_in", [negated, self.visit(node.left), self.visit(node.comparators[0])])
        node.left = self._plain(node.left)
        node.comparators = [self._plain(c) for c in node.comparators]
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Call through a hook, which knows some functions."""
        func = node.func
        name = last_name(node)
        if not self._inside:
            return self.generic_visit(node)
        literals = () if self._is_known(func) else _literals(node)
        if (isinstance(func, ast.Name) and name in _UNTOUCHED) or name in _DECLARING | _LOOKING_AT_CALLERS:
            node.func = self.visit(func) if not isinstance(func, ast.Name) else func
            hook = "hook_bare" if name in _UNTOUCHED else "hook_plain"
            node.args = [self._plain(a, hook) for a in node.args]
            for keyword in node.keywords:
                keyword.value = self._plain(keyword.value, hook)
            return node
        measured = node.args[0] if name == "len" and len(node.args) == 1 else None
        if measured is not None and self._stays(measured):
            return self._hook(node, "hook_constant", [self.generic_visit(node)])  # type: ignore[list-item]
        self._visit_parts(node, measured)
        given = [node.func, *node.args]
        if literals and not any(isinstance(a, ast.Starred) for a in node.args):
            places = ast.Constant(literals)  # type: ignore[arg-type]
            call = ast.Call(self._method("hook_call_given"), [places, *given], node.keywords)
        else:
            call = ast.Call(self._method("hook_call"), given, node.keywords)
        ast.copy_location(call, node)
        if isinstance(func, ast.Attribute) and func.lineno != func.end_lineno and func.end_lineno is not None:
            call.lineno = func.end_lineno  # where the interpreter says that a method is called
            call.col_offset = max(0, (func.end_col_offset or 0) - len(func.attr))
        return call

    def _visit_parts(self, node: ast.Call, measured: ast.expr | None) -> None:
        """Put hooks into what is called and what it is given."""
        func = node.func
        if isinstance(func, ast.Attribute) and func.attr in METHODS and self._is_queue(func.value):
            func.value = self._queue(func.value)
            node.args = [self.visit(a) for a in node.args]
        elif measured is not None and self._is_queue(measured):
            node.args = [self._queue(measured)]
        elif isinstance(func, ast.Attribute) and func.attr not in self._stored | self._computes:
            picked = isinstance(func.value, (ast.Subscript, ast.Name)) and not self._is_known(func)
            func.value = self.visit(func.value)  # methods are no numbers
            if picked:
                name_of: ast.expr = ast.Constant(mangled(func.attr, self._class))
                node.func = self._hook(func, "hook_method", [func.value, name_of])
            node.args, node.keywords = [self.visit(a) for a in node.args], [self.visit(k) for k in node.keywords]
        else:
            self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """``a.b``, if functions assign ``b``."""
        place = self._place(node)
        self.generic_visit(node)
        if not self._inside or not isinstance(node.ctx, ast.Load):
            return node
        followed = node.attr in self._stored or node.attr in self._computes
        if not followed and first_name(node) in self._modules:
            return node
        if not followed:
            name: ast.expr = ast.Constant(mangled(node.attr, self._class))
            return self._hook(node, "hook_settled", [node.value, name])
        hook = "hook_property" if node.attr in self._computes else "hook_attribute"
        return self._hook(node, hook, [node.value, place])

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """``a[b]``."""
        if not self._inside or not isinstance(node.ctx, ast.Load):
            return self.generic_visit(node)
        if isinstance(node.slice, ast.Constant):
            stays = self._stays(node.value)
            node.value = self.visit(node.value)
            item = self._hook(node, "hook_item", [node.value, node.slice])
            return self._hook(node, "hook_constant", [item]) if stays else item
        return self._hook(node, "hook_get_item", [self.visit(node.value), self._key(node.slice)])

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.AST:
        """``(a := b)``."""
        self.generic_visit(node)
        if self._inside and not self._is_local(node.target):
            node.value = self._hook(node.value, "hook_plain", [node.value])
        return node

    def visit_Yield(self, node: ast.Yield) -> ast.AST:
        """Yield plain values."""
        if node.value is not None and self._inside:
            node.value = self._plain(node.value)
        return node

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        """Yield plain values."""
        self.generic_visit(node)
        self._conditions(node)
        if self._inside:
            node.elt = self._hook(node.elt, "hook_plain", [node.elt])
        return node

    def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
        """Items keep their origin; conditions ask plain values."""
        self.generic_visit(node)
        self._conditions(node)
        return node

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        """Keep plain values."""
        self.generic_visit(node)
        self._conditions(node)
        if self._inside:
            node.elt = self._hook(node.elt, "hook_plain", [node.elt])
        return node

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        """Keep plain keys."""
        self.generic_visit(node)
        self._conditions(node)
        if self._inside:
            node.key = self._hook(node.key, "hook_plain", [node.key])
        return node

    def _conditions(self, node: Any) -> None:
        if self._inside:
            for part in node.generators:
                part.ifs = [self._hook(test, "hook_plain", [test]) for test in part.ifs]
                part.iter = self._hook(part.iter, "hook_looped", [part.iter])

    def visit_Set(self, node: ast.Set) -> ast.AST:
        """Keep plain values."""
        if self._inside:
            node.elts = [self._plain(e) for e in node.elts]
        return node

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        """Keep plain keys."""
        if self._inside:
            node.keys = [None if k is None else self._plain(k) for k in node.keys]
            node.values = [self.visit(v) for v in node.values]
        return node

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:
        """Write plain values."""
        if self._inside:
            node.value = self._plain(node.value)
            node.format_spec = None if node.format_spec is None else self.visit(node.format_spec)
        return node

    def visit_arguments(self, node: ast.arguments) -> ast.AST:
        """Leave arguments alone: their default values were dealt with."""
        return node

    def _stays(self, node: ast.expr) -> bool:
        """Return whether an attribute is what it is in every step: no function assigns it, or changes what it holds."""
        return isinstance(node, ast.Attribute) and node.attr not in self._stored | self._computes

    def _is_known(self, function: ast.expr) -> bool:
        """Return whether a function is a builtin, or one of a module."""
        return first_name(function) in self._modules or (
            isinstance(function, ast.Name) and hasattr(builtins, function.id)
        )

    def _is_queue(self, node: ast.expr) -> bool:
        found = queue_of(node)
        return found is not None and found.attr in self._queues

    def _queue(self, node: Any) -> ast.expr:
        """Return a queue as what its hooks take it for."""
        named: ast.Attribute = queue_of(node)  # type: ignore[assignment]
        place = self._place(named)
        if named is node:
            return self._hook(node, "hook_queue", [self.visit(node.value), place])
        return self._hook(node, "hook_queue_item", [self.visit(node.value), self._key(node.slice), place])

    def _place(self, node: ast.Attribute) -> ast.expr:
        """Return the name of an attribute, and where it is read."""
        site = f"{self._file}:{node.lineno}:{node.col_offset}:{node.end_lineno}:{node.end_col_offset}"
        return ast.Constant((mangled(node.attr, self._class), site))  # type: ignore[arg-type]

    def _key(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Slice):
            parts = [ast.Constant(None) if p is None else self.visit(p) for p in (node.lower, node.upper, node.step)]
            return self._hook(node, "hook_part", parts)
        if isinstance(node, ast.Tuple):
            return ast.copy_location(ast.Tuple([self._key(e) for e in node.elts], ast.Load()), node)
        return self.visit(node)  # type: ignore[no-any-return]

    def _plain(self, node: ast.expr, hook: str = "hook_plain") -> ast.expr:
        if isinstance(node, ast.Constant):
            return node
        if isinstance(node, ast.Starred):
            node.value = self._plain(node.value, hook)
            return node
        return self._hook(node, hook, [self.visit(node)])

    def _method(self, name: str) -> ast.expr:
        return ast.Attribute(ast.Constant(HOOKS), name, ast.Load())

    def _hook(self, at: ast.AST, name: str, arguments: list[ast.expr]) -> ast.expr:
        return ast.copy_location(ast.Call(self._method(name), arguments, []), at)


def _literals(call: ast.Call) -> tuple[int | str, ...]:
    """Return the positions and names of arguments that are written out."""
    named = (k.arg for k in call.keywords if k.arg is not None and is_written_out(k.value))
    return (*(i for i, a in enumerate(call.args) if is_written_out(a)), *named)


def number(value: int) -> ast.expr:
    """Return a whole number as an expression."""
    return ast.Constant(value)
