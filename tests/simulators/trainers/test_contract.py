"""Runs in Isaac Lab's environment: the adapters of its other trainers against the kit for adapters."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("isaaclab_rl")

from leapp_core.plugins.manager import PluginManager
from leapp_core.testing.adapter_checks import AdapterSubject
from leapp_core.testing.contracts import AdapterContract
from tests.simulators.trainers.make import make_checkpoint
from tests.simulators.trainers.rows import ROWS, Row
from tests.simulators.trainers.test_adapters import SIZES, registered, request

CHECKED = {
    row.name: row
    for row in ROWS
    if row.name
    in (
        "sb3 PPO MLP normalized",
        "sb3 RecurrentPPO LSTM",
        "rl-games PPO MLP normalized",
        "rl-games PPO GRU",
        "skrl PPO MLP normalized",
        "skrl PPO_RNN LSTM normalized",
    )
}


def subject_of(row: Row, folder: Path) -> AdapterSubject:
    checkpoint = make_checkpoint(row, folder / "run", SIZES, registered(row.adapter))
    return AdapterSubject(PluginManager().adapters.get(row.adapter), checkpoint, request(row, checkpoint))


class TestOthers(AdapterContract):
    @pytest.fixture(params=CHECKED)
    def subject(self, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AdapterSubject:
        return subject_of(CHECKED[request.param], tmp_path_factory.mktemp("made"))


def test_every_adapter_of_ours_is_held_to_the_contract():
    ours = {entry.item.name for entry in PluginManager().adapters}
    assert ours == {row.adapter for row in CHECKED.values()} | {"rsl-rl"}
