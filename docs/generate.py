"""Write the reference pages that are made from the source, and the signatures in the guides for plugins.

Usage: python docs/generate.py [--check]
"""

from __future__ import annotations

import inspect
import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path

DOCS = Path(__file__).parent
REFERENCE = DOCS / "reference"
NOTE = "<!-- Made by docs/generate.py; edit the source instead. -->\n"
GROUPS = {
    "backends": ("list", "show", "test"),
    "envs": ("list", "test"),
    "adapters": ("list", "test"),
    "consumers": ("list", "test"),
    "passes": ("list", "test"),
    "plugins": ("list", "new"),
}


def pages() -> dict[str, str]:
    """Return file name to content."""
    return {
        "cli.md": _cli(),
        "hooks.md": _hooks(),
        "exit-codes.md": _exit_codes(),
        "platforms.md": _platforms(),
        "errors.md": _errors(),
    }


def guides() -> dict[str, str]:
    """Return the guides that hold signatures, by file name below ``docs``, as they should be."""
    sys.path.insert(0, str(DOCS))
    from signatures import BEGIN, filled

    texts = {path: path.read_text(encoding="utf-8") for path in sorted((DOCS / "howto").glob("*.md"))}
    return {str(path.relative_to(DOCS)): filled(text) for path, text in texts.items() if BEGIN.search(text)}


def _cli() -> str:
    from leapp_core.cli.app import build_app
    from leapp_core.plugins.commands import command_names
    from leapp_core.plugins.manager import PluginManager

    # Only what this distribution brings: a page must not depend on what else is installed.
    names = command_names(build_app(PluginManager(load_entry_points=False)))
    parts = [NOTE, "# Command line\n", "Every command takes `--debug`, which shows the traceback of an error.\n"]
    parts.append(_block(()))
    for name in names:
        commands = [(name, verb) for verb in GROUPS[name]] if name in GROUPS else [(name,)]
        for command in commands:
            parts += [f"## leapp {' '.join(command)}\n", _block(command)]
    return "\n".join(parts)


def _block(command: tuple[str, ...]) -> str:
    return f"```text\n{help_text(command)}```\n"


def help_text(command: tuple[str, ...]) -> str:
    """Return what ``leapp COMMAND --help`` prints on a terminal of 100 columns."""
    from leapp_core.cli.main import main

    os.environ["COLUMNS"] = "100"
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(io.StringIO()), suppress(SystemExit):
        main([*command, "--help"])
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _hooks() -> str:
    from leapp_core.plugins import hookspecs
    from leapp_core.plugins.versions import API_VERSION, DECLARATION

    parts = [
        NOTE,
        "# Hooks\n",
        "A plugin is a module named by an entry point in group `leapp`. It implements any of these functions, each"
        " decorated with `leapp_core.hookimpl`. [Write a backend](../howto/write-a-backend.md) shows a whole one.\n",
        '```toml\n[project.entry-points.leapp]\nmine = "my_package.plugin"\n```\n',
        f'The module says which version of hooks and contracts it was built for: `{DECLARATION} = "{API_VERSION}"` is'
        " this one. A plugin for another major version is listed as incompatible and not used; one that says nothing is"
        " taken as built for this major version. An entry point may name an object of a module instead,"
        f' `mine = "my_package.plugin:mine"`: its attribute `{DECLARATION}` goes before that of the module.\n',
        "Hooks are called through [pluggy](https://pluggy.readthedocs.io), plugin by plugin: an implementation takes"
        " the arguments it wants, `tryfirst` and `trylast` order calls among plugins that are not ours, and wrappers"
        " run around every call. A hook that does not exist is noted and changes nothing; with `optionalhook=True` it"
        " is not even noted. Every attribute of what is registered is checked against its contract.\n",
        "`LEAPP_DISABLE_PLUGINS=mine,other` blocks plugins by the name on the left. A plugin that fails is listed by"
        " `leapp plugins list` with its error and takes nothing else down.\n",
    ]
    for name, function in vars(hookspecs).items():
        if name.startswith("leapp_"):
            arguments = ", ".join(f"{arg}: {hint}" for arg, hint in function.__annotations__.items() if arg != "return")
            parts.append(
                f"## `{name}`\n\n```python\ndef {name}({arguments}) -> None\n```\n\n{inspect.getdoc(function)}\n"
            )
    return "\n".join(parts)


def _exit_codes() -> str:
    from leapp_core import errors
    from leapp_core.cli.main import INTERNAL_ERROR, INTERRUPTED

    rows = [(0, "", "Done, and everything that was checked is right.")]
    rows += [(e.exit_code, f"`{e.__name__}`", _first_line(e)) for e in _error_classes(errors.LeappError)]
    rows.append((INTERNAL_ERROR, "", "A defect of LEAPP or of a plugin; run again with `--debug` and report it."))
    rows.append((INTERRUPTED, "", "Interrupted with Ctrl-C; there is the previous bundle or the new one, whole."))
    table = "\n".join(f"| {code} | {name} | {text} |" for code, name, text in sorted(rows))
    return (
        f"{NOTE}\n# Exit codes\n\nErrors are printed to stderr as one message: what is wrong, where, what was expected"
        " and how to fix it, and the [code](errors.md) of its kind. The class is the one that `leapp_core.errors`"
        " raises in Python.\n\n"
        f"| code | error | meaning |\n| --- | --- | --- |\n{table}\n"
    )


def _errors() -> str:
    from leapp_core.errors import CODE_PREFIX
    from leapp_core.explain import areas

    parts = [
        NOTE,
        "# Errors\n",
        "Every error of LEAPP ends with its code. A code stands for one kind of error and stays the same when words"
        " change; `leapp explain C012` prints its page without a network, `leapp explain --list` lists all. In Python"
        ' it is `error.code`, such as `"LEAPP-C012"`. Errors of plugins have none. The first block of each page is run'
        " by a test and provokes the error; what stands after *Instead* is run too.\n",
    ]
    for area in areas():
        parts += [f"## {area.title}\n", f"{area.intro}\n"]
        parts += [f"### {CODE_PREFIX}{page.code}: {page.title}\n\n{page.text}\n" for page in area.pages]
    return "\n".join(parts)


def _platforms() -> str:
    from leapp_core.cli.doctor_facts import PAIRS, PLATFORMS

    platforms = "\n".join(f"| {name} | {state} | {known} |" for name, state, known in PLATFORMS)
    pairs = "\n".join(f"| {package} | {versions} | {known} |" for package, versions, known in PAIRS)
    return (
        f"{NOTE}\n# Platforms\n\n`leapp doctor` says whether an export can work where it is called: versions against"
        " the supported ranges, packages that are installed and cannot be imported, execution providers, plugins,"
        " Graphviz, simulators, and for all that is missing the line that fixes it. It leaves with 0 if an export can"
        " work. PyTorch and ONNX are imported in a process of their own, so that a broken one is found and takes"
        " nothing down; simulators and trainers are looked for, not started.\n\n"
        f"| platform | LEAPP there | known obstacles |\n| --- | --- | --- |\n{platforms}\n\n"
        "What is known not to work in versions that are supported otherwise:\n\n"
        f"| package | versions | what |\n| --- | --- | --- |\n{pairs}\n\n"
        "[Backends](backends.md) says which versions of PyTorch were tried.\n"
    )


def _error_classes(base: type) -> list[type]:
    return [base, *(kind for kind in base.__subclasses__() if kind.__module__ == base.__module__)]


def _first_line(kind: type) -> str:
    text = (inspect.getdoc(kind) or "").splitlines()[0]
    return "Any other error on purpose, such as a file that cannot be read." if kind.__name__ == "LeappError" else text


def main() -> int:
    """Write the pages, or with ``--check`` say which are out of date."""
    written = {**{f"reference/{name}": text for name, text in pages().items()}, **guides()}
    stale = [name for name, text in written.items() if not _same(DOCS / name, text)]
    if "--check" in sys.argv:
        print("\n".join(f"out of date: docs/{name}" for name in stale) or "up to date")
        return bool(stale)
    REFERENCE.mkdir(exist_ok=True)
    for name, text in written.items():
        (DOCS / name).write_text(text, encoding="utf-8")
    return 0


def _same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main())
