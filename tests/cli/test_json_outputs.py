"""Keys of what commands print with ``--json`` are those of the page, which is watched as everything public is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.architecture import public_api
from tests.cli.json_outputs import OUTPUTS, Output, furnish, printed, table

PAGE = public_api.ROOT / public_api.JSON
TOLD = "run: python -m tests.cli.json_outputs --write docs/reference/json.md"


@pytest.fixture(scope="session")
def there(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("json")
    furnish(folder, bundle)
    return folder


def check(output: Output, folder: Path) -> None:
    head = f"leapp {output.command} --json "
    told = {name.removeprefix(head): kind for name, kind in public_api.json_keys(PAGE).items() if name.startswith(head)}
    found = table(printed(output, folder))
    assert set(found) - set(told) == set(), TOLD
    assert [place for place in set(told) - set(found) if not _empty_above(place, found)] == [], TOLD
    differ = {place: (kinds, told[place]) for place, kinds in found.items() if _sure(kinds) - _sure(told[place])}
    assert differ == {}, TOLD


def _empty_above(place: str, found: Mapping[str, str]) -> bool:
    """Return whether what would hold a place was empty here: a machine without faults prints none."""
    return any(place.startswith((f"{leaf}.", f"{leaf}[")) for leaf in found)


def _sure(kinds: str) -> set[str]:
    """Return what a key holds where it is not null: what is missing differs from machine to machine."""
    return set(kinds.split(" or ")) - {"null"}


@pytest.mark.parametrize("output", [o for o in OUTPUTS if not o.slow], ids=lambda output: output.command)
def test_keys_are_those_of_the_page(output: Output, there: Path) -> None:
    check(output, there)


@pytest.mark.slow
@pytest.mark.parametrize("output", [o for o in OUTPUTS if o.slow], ids=lambda output: output.command)
def test_keys_of_longer_commands_are_those_of_the_page(output: Output, there: Path) -> None:
    check(output, there)


def test_every_command_that_prints_json_is_on_the_page() -> None:
    options = public_api.signatures()
    have = {name.removesuffix(" --json") for name in options if name.endswith(" --json")}
    assert {f"leapp {output.command}" for output in OUTPUTS} == have
    assert {name.partition(" --json ")[0] for name in public_api.json_keys(PAGE)} == have
