"""What each clean-up rule does; the fixture proves that results stay the same bit for bit."""

from __future__ import annotations

import torch

X = torch.zeros(3, 6)


def test_a_clone_in_between_is_dropped(cleaned):
    assert cleaned(lambda x: x.clone().neg().clone().abs(), X) == ["neg", "abs"]


def test_reading_what_was_written_reads_the_value(cleaned):
    def program(x):
        y = torch.zeros(3, 6)
        y[:, 1:3] = x[:, :2].sin()
        return y[:, 1:3] * 2

    assert cleaned(program, X) == ["slice", "sin", "mul"]


def test_reading_elsewhere_goes_past_the_write(cleaned):
    def program(x):
        x[:, 0:2] = 5.0
        return x[:, 4:6]

    assert cleaned(program, X) == ["slice", "clone"]


def test_an_overwritten_write_is_dropped(cleaned):
    def program(x):
        y = torch.empty(3, 6)
        y[:] = x.sin()
        y[:] = x.cos()
        return y

    assert cleaned(program, X) == ["cos"]


def test_writing_back_what_is_there_is_dropped(cleaned):
    def program(x):
        x[:, 1:3] = x[:, 1:3].clone()
        return x * 2

    assert cleaned(program, X) == ["mul"]


def test_neighbouring_slices_are_merged(cleaned):
    assert cleaned(lambda x: torch.cat([x[:, 0:2], x[:, 2:5]], 1), X) == ["slice", "clone"]


def test_nested_concatenations_are_one(cleaned):
    def program(x):
        inner = torch.cat([x.sin(), x.cos()], 1)
        return torch.cat([inner, x.neg()], 1)

    assert sorted(cleaned(program, X)) == ["cat", "cos", "neg", "sin"]


def test_taking_one_entry_and_putting_it_back_is_a_slice(cleaned):
    assert cleaned(lambda x: x[:, 2].unsqueeze(1), X) == ["slice", "clone"]


def test_the_entry_of_a_stack_is_the_tensor(cleaned):
    assert sorted(cleaned(lambda x: torch.stack([x.sin(), x.cos()])[1] * 2, X)) == ["cos", "mul"]


def test_a_roll_is_two_slices(cleaned):
    assert cleaned(lambda x: x.roll(2, 1), X) == ["slice", "slice", "cat"]


def test_a_strided_write_that_covers_an_earlier_one_drops_it(cleaned):
    def program(x):
        x[:, ::2] = 1.0
        x[:, ::2] += 1
        return x

    assert cleaned(program, X) == ["where"]


def test_a_masked_number_becomes_where(cleaned):
    def program(x):
        x[x > 0] = 0.5
        return x

    assert cleaned(program, X) == ["gt", "where"]


def test_a_masked_row_becomes_where(cleaned):
    row = torch.arange(6.0)

    def program(x):
        x[x.sum(1) > 0] = row
        return x

    assert cleaned(program, X) == ["sum", "gt", "unsqueeze", "where"]


def test_a_masked_update_is_computed_for_all(cleaned):
    def program(x):
        x[x < 0] *= 0.5
        return x

    assert cleaned(program, X) == ["lt", "mul", "where"]


def test_switched_off_dropout_is_dropped(cleaned):
    assert cleaned(lambda x: torch.dropout(x.sin(), 0.5, train=False), X) == ["sin"]


def test_a_fill_reads_no_old_values(cleaned):
    assert cleaned(lambda x: torch.zeros_like(x) + x.clone().fill_(2.0) + x, X)[-1] == "add"
    assert "fill" not in cleaned(lambda x: x.clone().fill_(2.0) * x, X)


def test_calls_on_constants_are_computed_once(cleaned):
    table = torch.arange(12.0)
    assert cleaned(lambda x: x * table.view(2, 6)[1:].sin(), X) == ["mul"]


def test_equal_calls_are_made_once(cleaned):
    assert cleaned(lambda x: x.sin() + x.clone().sin(), X) == ["sin", "add"]


def test_views_that_undo_each_other_vanish(cleaned):
    assert cleaned(lambda x: x.t().t().view(18).view(3, 6) * 2, X) == ["mul"]


def test_synonyms_get_their_common_name(cleaned):
    assert cleaned(lambda x: torch.clip(x.absolute(), 0, 1).multiply(2), X) == ["abs", "clamp", "mul"]


def test_flat_rolls_work_along_one_dimension(cleaned):
    assert "roll" not in cleaned(lambda x: x.roll(2) + x.roll((1, 2), (0, 1)), X)


def test_a_write_into_a_diagonal_is_a_scatter(cleaned):
    def program(x):
        x.diagonal().copy_(x[0, :3])
        return x

    assert {"diagonal_scatter", "copy"}.isdisjoint(cleaned(program, X))


def test_a_read_in_between_keeps_the_old_values(cleaned):
    def program(x):
        before = x[:, :3] * 1
        x[:, :3] = x[:, 3:]
        return before + x[:, :3]

    assert cleaned(program, X).count("add") == 1


def test_data_dependent_assignment_stays(cleaned):
    def program(x, values):
        x[x.argmax(0)[:2]] = values
        return x

    assert "index_put" in cleaned(program, X, torch.zeros(6))


ORDER = torch.tensor([3, 0, -2, 1, 5, 2])


def test_entries_put_in_another_order_are_one_selection(cleaned):
    def program(x):
        y = torch.zeros(3, 6)
        y[:, ORDER] = x.sin()
        return y

    assert cleaned(program, X) == ["sin", "index_select"]


def test_a_single_row_put_in_another_order_is_one_selection(cleaned):
    def program(x):
        y = torch.zeros(1, 6)
        y[:, ORDER] = x.sin()
        return y

    assert cleaned(program, torch.zeros(1, 6)) == ["sin", "index_select"]


def test_some_entries_written_are_chosen_from_old_and_new(cleaned):
    def program(x):
        y = x.cos()
        y[:, [4, 0]] = x[:, 1:3] * 2
        return y

    assert sorted(cleaned(program, X)) == ["cat", "cos", "index_select", "mul", "slice"]


def test_every_other_entry_written_is_chosen_from_old_and_new(cleaned):
    def program(x):
        y = x.cos()
        y[:, 1::2] = x[:, :3].sin()
        return y

    assert sorted(cleaned(program, X)) == ["cat", "cos", "index_select", "sin", "slice"]


def test_one_value_at_fixed_entries_is_chosen_by_a_mask(cleaned):
    def program(x):
        y = x.cos()
        y[:, 2::3] = 0.0
        y[:, [0, 4]] = -1.5
        return y

    assert cleaned(program, X) == ["cos", "where", "where"]


def test_one_value_per_row_at_fixed_entries_is_chosen_by_a_mask(cleaned):
    def program(x):
        y = x.cos()
        y[:, [0, 4]] = x.sum(1, keepdim=True)
        return y

    assert cleaned(program, X) == ["cos", "sum", "where"]


def test_whole_numbers_and_flags_at_fixed_entries(cleaned):
    def program(x):
        steps, flags = (x * 10).long(), x > 0
        steps[:, ::2] = 7
        flags[:, [1, 3]] = True
        return steps, flags

    assert cleaned(program, X).count("where") == 2


def test_an_entry_that_is_written_twice_stays_a_scatter(cleaned):
    def program(x):
        y = x.cos()
        y[:, [4, 4]] = x[:, 1:3]
        return y

    assert "index_put" in cleaned(program, X)


def test_some_rows_written_stay_a_scatter(cleaned):
    def program(x):
        y = x.cos()
        y[[2, 0]] = x[:2].sin()
        return y

    assert "index_put" in cleaned(program, X)
