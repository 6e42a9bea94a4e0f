"""Numbers on the command line have bounds, and what is not within them is told before anything is done."""

from __future__ import annotations

import pytest

from leapp_core.cli import bench, deploy, diff, export, run, validate
from leapp_core.errors import UsageError
from tests.cli.invoke import leapp

WRONG = {
    "bench": {
        "--threads": ("0", "100000", "-1", "1.5", "two"),
        "--steps": ("0", "99999999999", "nan"),
        "--realtime": ("-1", "inf", "nan", "1e9"),
        "--frequency": ("0", "-50", "inf", "nan", "1e400"),
    },
    "run": {"--steps": ("0", "-3", ""), "--seed": ("-1", "4294967296", "0x10")},
    "deploy": {"--steps": ("0",), "--seed": ("-1",), "--max_drift": ("-0.1", "nan", "inf")},
    "diff": {"--steps": ("-1",), "--seed": ("-1",)},
    "validate": {"--validation_steps": ("0",), "--atol": ("-1", "nan", "inf"), "--rtol": ("-1", "1%")},
    "export": {
        "--validation_steps": ("-1",),
        "--closed_loop_steps": ("-1", "1e9"),
        "--prove-seconds": ("-1", "nan"),
        "--seed": ("-1", "99999999999"),
    },
}
CASES = [(command, option, value) for command in WRONG for option in WRONG[command] for value in WRONG[command][option]]


@pytest.mark.parametrize(("command", "option", "value"), CASES, ids=" ".join)
def test_out_of_bounds(command: str, option: str, value: str) -> None:
    result = leapp(command, *(("x", "y") if command == "diff" else ("x",)), f"{option}={value}")
    assert result.code == UsageError.exit_code
    assert f"error: {option} got " in result.err
    assert "expected: a" in result.err
    assert "number" in result.err


def test_every_option_that_takes_a_number_has_bounds() -> None:
    """An option added as typer has it would have none for NaN, and messages of its own."""
    for module in (bench, deploy, diff, export, run, validate):
        verb = module.__name__.rpartition(".")[2]
        function = getattr(module, verb)
        for name, hint in function.__annotations__.items():
            if any(kind in str(hint).partition(",")[0] for kind in ("int", "float")):
                option = vars(module)[str(hint).partition(",")[2].strip(" ]")]
                assert option.parser is not None, f"{verb}: {name}"


@pytest.mark.parametrize("text", ["100", "1e2", "1_00", " 100 "])
def test_whole_numbers_as_people_write_them(text: str) -> None:
    from leapp_core.cli.numbers import whole

    assert whole("--steps", help="", least=1, most=100).parser(text) == 100


@pytest.mark.parametrize(
    ("line", "texts"),
    [
        (("bnch",), ("there is no command 'bnch'", "did you mean 'bench'?")),
        (("run",), ("leapp run needs BUNDLE", "leapp run [OPTIONS] BUNDLE", "`leapp run --help`")),
        (("run", "x", "y", "z"), ("leapp run takes no more arguments; one too many: 'y z'",)),
        (("run", "x", "--inptus", "y"), ("leapp run has no option '--inptus'", "did you mean --inputs")),
        (("run", "x", "--inputs"), ("leapp run --inputs needs a value", "`leapp run --help`")),
        (("--verion",), ("leapp has no option '--verion'", "did you mean --version?")),
        (("backends", "shw", "onnx"), ("there is no command 'backends shw'", "'show'")),
        (("backends", "show"), ("leapp backends show needs NAME",)),
    ],
    ids=lambda value: " ".join(value) if len(value) and value[0][0] in "-bru" and len(value) < 5 else None,
)
def test_wrong_usage_is_told_as_every_error_is(line: tuple[str, ...], texts: tuple[str, ...]) -> None:
    result = leapp(*line)
    assert result.code == UsageError.exit_code
    assert result.err.startswith("error: ")
    assert result.err.count("error: ") == 1
    for text in texts:
        assert text in result.err
