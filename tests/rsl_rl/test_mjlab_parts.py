"""Parts of the mjlab environment that need no simulator."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from leapp_core.errors import EnvError, UsageError
from leapp_rsl_rl.environments.mjlab.overrides import apply_overrides
from leapp_rsl_rl.environments.mjlab.taps import TapBoard, tap_attributes, tap_composites, tap_data
from leapp_rsl_rl.environments.mjlab.writes import WriteBoard
from leapp_rsl_rl.environments.random_stream import RandomStream
from leapp_rsl_rl.environments.task_listing import registered_names


class TestTaskListing:
    SOURCE = """
import registry
registry.register_task(task_id="A-Task", cfg=1)
register_task("B-Task")
register_task(task_id=compute())
forget_task(task_id="C-Task")
"""

    def test_reads_literal_names_without_importing(self, tmp_path, monkeypatch):
        package = tmp_path / "somesim" / "tasks"
        package.mkdir(parents=True)
        (tmp_path / "somesim" / "__init__.py").write_text("raise RuntimeError('imported')\n")
        (package / "__init__.py").write_text(self.SOURCE + "# task_id\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        assert registered_names(["somesim", "absent"], "register_task", "task_id") == ("A-Task", "B-Task")


class TestOverrides:
    @dataclasses.dataclass
    class Group:
        history_length: int = 0
        terms: dict = dataclasses.field(default_factory=lambda: {"q": SimpleNamespace()})

    @dataclasses.dataclass
    class Config:
        actor: object
        name: str = "x"

    def config(self):
        return self.Config(self.Group())

    def test_sets_fields_and_keys(self):
        env, agent = self.config(), self.config()
        given = ["env.actor.history_length=3", "agent.name=walk.npz", "env.actor.terms.v=(1, 2)"]
        apply_overrides(given, env, agent)
        assert (env.actor.history_length, agent.name, env.actor.terms["v"]) == (3, "walk.npz", (1, 2))

    @pytest.mark.parametrize("text", ["env.actor", "sim.dt=1", "env=1"])
    def test_refuses_what_it_cannot_read(self, text):
        with pytest.raises(UsageError, match="cannot be read"):
            apply_overrides([text], self.config(), self.config())

    def test_suggests_the_nearest_name(self):
        with pytest.raises(UsageError, match="no 'histroy_length'") as caught:
            apply_overrides(["env.actor.histroy_length=3"], self.config(), self.config())
        assert "history_length" in str(caught.value)


@dataclasses.dataclass
class Reading:
    depth: torch.Tensor
    rgb: torch.Tensor | None = None


class Sensor:
    def __init__(self, value):
        self.value = value

    @property
    def data(self):
        return self.value


class Robot:
    def __init__(self):
        self.qpos = torch.arange(3.0)
        self.target = torch.zeros(1)

    @property
    def pose(self):
        return torch.cat([self.pos, self.quat])

    @property
    def pos(self):
        return self.qpos[:1]

    @property
    def quat(self):
        return self.qpos[1:]


class TestTaps:
    def robot(self):
        robot, board = Robot(), TapBoard()
        tap_attributes(robot, ["pos", "quat", "target"], board, lambda name: f"state:{name}")
        tap_composites(robot, {"pose": ("pos", "quat")}, board)
        return robot, board

    def test_idle_board_changes_nothing(self):
        robot, _ = self.robot()
        assert isinstance(robot, Robot)
        assert torch.equal(robot.pose, torch.arange(3.0))
        robot.target = torch.ones(1)
        assert robot.target.item() == 1

    def test_listening_notes_reads_in_order_and_reads_them_again(self):
        robot, board = self.robot()
        with board.listening():
            _ = robot.target, robot.pose, robot.pos
        assert list(board.reads) == ["state:target", "state:pos", "state:quat"]
        robot.qpos = torch.arange(3.0) + 10
        assert board.reads["state:pos"]().item() == 10

    def test_serving_answers_every_read_with_the_declared_tensor(self):
        robot, board = self.robot()
        declared = {"state:pos": torch.tensor([5.0]), "state:quat": torch.tensor([6.0, 7.0])}
        with board.serving(declared):
            assert robot.pos is declared["state:pos"]
            assert torch.equal(robot.pose, torch.tensor([5.0, 6.0, 7.0]))
            with pytest.raises(EnvError, match="in some steps only"):
                _ = robot.target
            board.release()
            assert robot.pos.item() == 0

    def test_other_objects_of_the_class_are_left_alone(self):
        robot, board = self.robot()
        with board.serving({"state:pos": torch.tensor([5.0])}):
            assert Robot().pos.item() == 0
        assert type(robot) is not Robot

    def test_sensors_give_a_tensor_or_a_dataclass_of_them(self):
        board = TapBoard()
        plain, camera = Sensor(torch.ones(2)), Sensor(Reading(torch.zeros(2)))
        tap_data(plain, board, "sensor:imu")
        tap_data(camera, board, "sensor:camera")
        with board.listening():
            assert plain.data.sum() == 2
            assert isinstance(camera.data, Reading)
            assert camera.data.rgb is None
            _ = camera.data.depth
        assert list(board.reads) == ["sensor:imu", "sensor:camera:depth"]
        with board.serving({"sensor:camera:depth": torch.full((2,), 9.0)}):
            assert camera.data.depth[0] == 9
        assert camera.data is camera.value


class Entity:
    joint_names = ("hip", "knee")
    tendon_names = site_names = ()

    def __init__(self):
        self.written = []

    def set_joint_position_target(self, position, joint_ids=None, env_ids=None):
        self.written.append(position)

    set_joint_velocity_target = set_joint_effort_target = set_joint_position_target
    set_tendon_len_target = set_tendon_vel_target = set_tendon_effort_target = set_joint_position_target
    set_site_effort_target = set_joint_position_target


class TestWrites:
    def test_notes_value_and_names_and_still_writes(self):
        entity = Entity()
        env = SimpleNamespace(scene=SimpleNamespace(entities={"robot": entity}))
        board = WriteBoard(env)
        value = torch.ones(1, 1)
        with board.listening() as writes:
            entity.set_joint_position_target(value, joint_ids=torch.tensor([1]))
            entity.set_joint_velocity_target(torch.zeros(1, 2))
        entity.set_joint_position_target(value)
        assert [(w.entity, w.field, w.elements(env)) for w in writes] == [
            ("robot", "joint_pos_target", ("knee",)),
            ("robot", "joint_vel_target", ("hip", "knee")),
        ]
        assert writes[0].value is value
        assert len(entity.written) == 3


def test_random_streams_do_not_disturb_each_other():
    torch.manual_seed(0)
    one, other = RandomStream(), RandomStream()
    with one.active():
        torch.manual_seed(1)
        np.random.seed(1)
        first = torch.rand(2), np.random.rand()
    with other.active():
        torch.manual_seed(1)
        np.random.seed(1)
        torch.rand(2)
    outside = torch.rand(1)
    with one.active():
        second = torch.rand(2), np.random.rand()
    torch.manual_seed(1)
    np.random.seed(1)
    assert torch.equal(torch.rand(2), first[0])
    assert np.random.rand() == first[1]
    assert torch.equal(torch.rand(2), second[0])
    assert np.random.rand() == second[1]
    torch.manual_seed(0)
    assert torch.equal(torch.rand(1), outside)
