"""The user's source as syntax trees: the statement of a line, the expression of a call, the readers of a name."""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from types import CodeType, ModuleType

from leapp_core.tracing.source.callsite import FunctionKey, function_key
from leapp_core.tracing.source.statements import header_end

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Function = ast.FunctionDef | ast.AsyncFunctionDef
_TAKING_VALUES = frozenset({"item", "tolist", "numpy", "float", "int", "bool", "asarray", "array", "equal", "allclose"})


class SourceFile:
    """One file: its tree with the parent of each node. It never changes, so sessions share it.

    Args:
        path: Its path, as code objects name it.
        text: What it says; empty if it is not there.
    """

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.parents: dict[ast.AST, ast.AST] = {}
        self.functions: list[ast.FunctionDef | ast.AsyncFunctionDef] = []
        self.classes: list[ast.ClassDef] = []
        self.statements: list[ast.stmt] = []
        self.loads: dict[str, list[ast.expr]] = {}
        self.stores: dict[str, list[ast.Attribute]] = {}
        """Attributes that are assigned, by name."""
        self.asked: set[str] = set()
        """Attributes that the source asks for by name: ``hasattr(x, "name")``, ``"name" in vars(x)``."""
        self._class_keys: dict[ast.ClassDef, tuple[str, str]] = {}
        self.imported: dict[str, tuple[str, str]] = {}
        """Names that ``from module import name`` made, each with both; no second one for ``import module``."""
        self._scopes: dict[ast.AST, tuple[frozenset[str], frozenset[str]]] = {}
        self._is_there = bool(text)
        try:
            tree: ast.AST = ast.parse(text)
        except SyntaxError:
            tree = ast.Module(body=[], type_ignores=[])
        for node in ast.walk(tree):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
            self._note(node)

    def _note(self, node: ast.AST) -> None:
        if isinstance(node, ast.stmt):
            self.statements.append(node)
        if isinstance(node, FUNCTIONS):
            self.functions.append(node)
        elif isinstance(node, ast.ClassDef):
            self.classes.append(node)
        elif isinstance(node, ast.ImportFrom):
            self.imported |= {a.asname or a.name: (node.module or "", a.name) for a in node.names}
        elif isinstance(node, ast.Import):
            named = ((a.asname, a.name) if a.asname else (a.name.partition(".")[0],) * 2 for a in node.names)
            self.imported |= {name: (module, "") for name, module in named}
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            self.loads.setdefault("." + node.attr, []).append(node)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            self.stores.setdefault(node.attr, []).append(node)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            self.loads.setdefault(node.id, []).append(node)

        self._note_asked(node)

    def _note_asked(self, node: ast.AST) -> None:
        asked: ast.expr | None = None
        if isinstance(node, ast.Call) and called_name(node) in ("hasattr", "getattr") and len(node.args) > 1:
            asked = node.args[1]
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            among = node.comparators[0]
            dictionary = (
                called_name(among) == "vars"
                if isinstance(among, ast.Call)
                else getattr(among, "attr", "") == "__dict__"
            )
            asked = node.left if dictionary else None
        if isinstance(asked, ast.Constant) and isinstance(asked.value, str):
            self.asked.add(asked.value)

    def names_of(self, function: ast.AST) -> tuple[frozenset[str], frozenset[str]]:
        """Return the names that a function binds, or what lies in it, and those that it declares as global."""
        found = self._scopes.get(function)
        if found is None:
            nodes = list(ast.walk(function))
            bound = {n.arg for n in nodes if isinstance(n, ast.arg)}
            bound |= {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
            bound |= {(n.asname or n.name).split(".")[0] for n in nodes if isinstance(n, ast.alias)}
            declared = {name for n in nodes if isinstance(n, ast.Global) for name in n.names}
            found = self._scopes[function] = frozenset(bound), frozenset(declared)
        return found

    def text(self, line: int) -> str:
        """Return a line of the file."""
        return linecache.getline(self.path, line).strip()

    def holds(self, code: CodeType) -> bool:
        """Return whether the source of code that ran is here: the file may be gone, or another than it was."""
        if code.co_name.startswith("<") or any(c.name == code.co_name for c in self.classes):
            return self._is_there
        return function_key(code) in self._function_keys

    @cached_property
    def _function_keys(self) -> set[FunctionKey]:
        return {self.key_of(function) for function in self.functions}

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield what a node lies in, from the inside out."""
        at = self.parents.get(node)
        while at is not None:
            yield at
            at = self.parents.get(at)

    def function_of(self, node: ast.AST) -> ast.AST | None:
        """Return the function a node lies in."""
        return next((n for n in self.above(node) if isinstance(n, FUNCTIONS)), None)

    def scope_of(self, node: ast.AST) -> ast.AST | None:
        """Return the function or ``lambda`` a node lies in."""
        return next((n for n in self.above(node) if isinstance(n, (*FUNCTIONS, ast.Lambda))), None)

    def calls_it(self, node: ast.expr) -> bool:
        """Return whether an expression is what a call calls."""
        parent = self.parents.get(node)
        return isinstance(parent, ast.Call) and parent.func is node

    def key_of(self, function: Function) -> FunctionKey:
        """Return what the code of a function tells of it."""
        return self.path, min([function.lineno, *(d.lineno for d in function.decorator_list)]), function.name

    def class_key(self, cls: ast.ClassDef) -> tuple[str, str]:
        """Return what a class is known by, however many have its name: the file and its qualified name."""
        found = self._class_keys.get(cls)
        if found is None:
            around = (n for n in self.above(cls) if isinstance(n, (ast.ClassDef, *FUNCTIONS)))
            outer = [f"{n.name}." if isinstance(n, ast.ClassDef) else f"{n.name}.<locals>." for n in around]
            found = self._class_keys[cls] = self.path, "".join(reversed(outer)) + cls.name
        return found

    def class_of(self, node: ast.AST) -> ast.ClassDef | None:
        """Return the class that a node lies in."""
        return next((n for n in self.above(node) if isinstance(n, ast.ClassDef)), None)

    def statement_at(self, line: int) -> ast.stmt | None:
        """Return the innermost statement at a line."""
        around = (s for s in self.statements if s.lineno <= line <= header_end(s))
        return max(around, key=lambda s: (s.lineno, s.col_offset), default=None)

    @cached_property
    def looking(self) -> list[ast.expr]:
        """What may look at an object as a whole: calls, comparisons, ``__dict__``, text, what is matched."""
        kinds = (ast.Call, ast.Compare, ast.FormattedValue)
        matched = [s.subject for s in self.statements if isinstance(s, ast.Match)]
        return [*(n for n in self.parents if isinstance(n, kinds)), *matched, *self.loads.get(".__dict__", ())]

    def expressions(self, code: CodeType, lasti: int, line: int) -> list[ast.expr]:
        """Return the expression that an instruction computes; all that may take a value there if that is unknown."""
        # Several statements may share the line: ``if x > 0: return y``.
        statements = [s for s in self.statements if s.lineno <= line <= header_end(s)]
        inside = list(dict.fromkeys(n for s in statements for n in _header(s) if isinstance(n, ast.expr)))
        place = _position(code, lasti)
        if place is not None:
            exact = [n for n in inside if (n.lineno, n.end_lineno, n.col_offset, n.end_col_offset) == place]
            if exact:
                return exact[:1]
        calls = [n for n in inside if isinstance(n, ast.Call) and called_name(n) in _TAKING_VALUES]
        tests = [n.test for n in [*statements, *inside] if isinstance(n, (ast.If, ast.While, ast.IfExp))]
        return [*calls, *tests]

    def expression(self, code: CodeType, lasti: int, line: int) -> ast.expr | None:
        """Return the expression that an instruction computes, or stores to; ``None`` if that cannot be told."""
        place = _position(code, lasti)
        if place is None:
            return None
        statements = [s for s in self.statements if s.lineno <= line <= header_end(s)]
        inside = list(dict.fromkeys(n for s in statements for n in _header(s) if isinstance(n, ast.expr)))
        exact = [n for n in inside if (n.lineno, n.end_lineno, n.col_offset, n.end_col_offset) == place]
        # A method's call over several lines is said to begin where its name stands.
        calls = [n for n in inside if isinstance(n, ast.Call) and (n.end_lineno, n.end_col_offset) == place[1::2]]
        return next(iter((*exact, *calls[:1])), None)


class SourceFiles:
    """Files that were read for one session, each once."""

    def __init__(self) -> None:
        self._files: dict[str, SourceFile] = {}

    def file(self, path: str) -> SourceFile:
        """Return a file."""
        found = self._files.get(path)
        if found is None:
            found = self._files[path] = source_file(path, text_of(path))
        return found


class SourceBook:
    """The files of the user's functions that ran.

    Args:
        paths: Their paths.
        read: Files of the session.
    """

    def __init__(self, paths: Iterable[str], read: SourceFiles) -> None:
        self._read = read
        self._files = {path: read.file(path) for path in dict.fromkeys(paths)}

    def file(self, path: str) -> SourceFile:
        """Return a file, which is one of the book from now on."""
        return self._files.setdefault(path, self._read.file(path))

    def beside(self, paths: Iterable[str]) -> SourceBook:
        """Return a book of other files."""
        return SourceBook(paths, self._read)

    @property
    def files(self) -> list[SourceFile]:
        """Files read so far."""
        return list(self._files.values())

    def bases(self, file: SourceFile, cls: ast.ClassDef) -> list[tuple[SourceFile, ast.ClassDef]]:
        """Return the classes that a class names as its bases; those of its own file, if there are any."""
        found = []
        for base in cls.bases:
            name = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
            here = [(file, c) for c in file.classes if c.name == name and c is not cls]
            found += here or [(f, c) for f in self.files for c in f.classes if c.name == name]
        return found

    def contexts(self) -> Iterator[tuple[SourceFile, ast.withitem]]:
        """Yield what ``with`` statements enter."""
        for file in self.files:
            for statement in file.statements:
                if isinstance(statement, (ast.With, ast.AsyncWith)):
                    yield from ((file, item) for item in statement.items)

    def functions(self, name: str) -> list[tuple[SourceFile, ast.FunctionDef | ast.AsyncFunctionDef]]:
        """Return the functions of a name."""
        return [(file, f) for file in self.files for f in file.functions if f.name == name]

    def calls(self, name: str) -> list[tuple[SourceFile, ast.Call]]:
        """Return the calls of a function by its name, as ``name()`` and as ``x.name()``."""
        found = []
        for file, load in self.mentions(name):
            parent = file.parents[load]
            if isinstance(parent, ast.Call) and parent.func is load:
                found.append((file, parent))
        return found

    def mentions(self, name: str) -> Iterator[tuple[SourceFile, ast.expr]]:
        """Yield where a name is read, as ``name`` and as ``x.name``."""
        for file in self.files:
            yield from ((file, load) for load in (*file.loads.get(name, ()), *file.loads.get("." + name, ())))

    def reads(self, attribute: str) -> Iterator[tuple[SourceFile, ast.Attribute]]:
        """Yield where an attribute is read."""
        for file in self.files:
            for load in file.loads.get("." + attribute, ()):
                assert isinstance(load, ast.Attribute)
                yield file, load


def text_of(path: str) -> str:
    """Return what a file says; nothing if it is not there."""
    return "".join(linecache.getlines(path) or _packed(path))


@lru_cache(maxsize=16)  # of one program; their trees are many objects
def source_file(path: str, text: str) -> SourceFile:
    """Return a file as trees."""
    return SourceFile(path, text)


def _packed(path: str) -> list[str]:
    """Return the lines of a module that its loader has (from an archive), none if there is no such module."""
    modules = [vars(module) for module in list(sys.modules.values()) if type(module) is ModuleType]
    return next((linecache.getlines(path, names) for names in modules if names.get("__file__") == path), [])


def called_name(call: ast.Call) -> str:
    """Return the last name of what is called."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def dotted(node: ast.expr | None) -> tuple[ast.expr | None, list[str]]:
    """Return ``a`` and the names after it of ``a.b.c``."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    return node, names


def root_name(node: ast.expr) -> str:
    """Return the first name of ``a.b[c].d``."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _header(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield the nodes of a statement without those of its body."""
    for name, value in ast.iter_fields(statement):
        if name in ("body", "orelse", "finalbody", "handlers"):
            continue
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.AST):
                yield from ast.walk(part)


def _position(code: CodeType, lasti: int) -> tuple[int | None, ...] | None:
    positions = getattr(code, "co_positions", None)  # Python 3.11
    if positions is None or lasti < 0:
        return None
    for index, (line, end_line, column, end_column) in enumerate(positions()):
        if index == lasti // 2:
            return (line, end_line, column, end_column)
    return None
