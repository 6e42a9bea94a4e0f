"""No behaviour that is on the list loses its test."""

from __future__ import annotations

from tests.behaviours import LIST, Behaviour, names, of_programs, of_tests


def test_every_behaviour_of_the_list_has_a_test() -> None:
    there = {each.name for each in [*of_tests(), *of_programs()]}
    lost = sorted(names(LIST.read_text(encoding="utf-8")) - there)
    assert not lost, "give them tests again, or say that they are gone on purpose: python -m tests.behaviours"


def test_a_line_is_read_as_it_was_written() -> None:
    line = Behaviour("suite/test_a.py", "TestA::test_b", "refusal", "quick", "b. It says `c` of d.").line()
    assert names(f"# Title\n\n{line}\n") == {"TestA::test_b"}
