"""Whatever wrong a person gives the command line: one error that says what to do, and nothing left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from leapp_core.errors import LeappError
from tests.cli.wrong_inputs import ALL, Wrong, entry, files, furnish, judged, said

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "wrong-inputs.md"
CODES = {error.exit_code for error in LeappError.__subclasses__()}


@pytest.fixture(scope="session")
def there(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wrong")
    furnish(folder, bundle)
    return folder


@pytest.mark.parametrize("wrong", ALL, ids=lambda wrong: wrong.line)
def test_one_error_with_what_to_do_and_nothing_left_behind(wrong: Wrong, there: Path) -> None:
    before = files(there)
    result = said(wrong, there)
    assert result.code == wrong.code
    assert result.code in CODES
    assert result.err.startswith("error: ")
    assert result.err.count("error: ") == 1
    assert judged(wrong, result).holds, result.err
    assert "Traceback" not in result.err + result.out
    assert result.out == ""
    assert files(there) == before
    if not wrong.varies:
        assert entry(wrong, result) in PAGE.read_text(encoding="utf-8"), "run: python -m tests.cli.wrong_inputs --write"


def test_the_page_shows_as_many_as_it_says() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert len({wrong.line for wrong in ALL}) == len(ALL) >= 60
    assert f"to {len(ALL)} wrong inputs" in text
    assert text.count("\n`leapp ") == len(ALL)
    assert text.count("| yes | yes |") + text.count("| yes |  | yes |") == len(ALL)
