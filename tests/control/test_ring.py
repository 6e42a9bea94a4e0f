"""The last steps in a file: round and round, whole after a kill, and as MCAP."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from leapp_core.errors import BundleError, UsageError
from leapp_core.runtime import Controller, FunctionAdapter, Ring, read_ring
from leapp_core.runtime.control.mcap_file import STEP, write_mcap
from leapp_core.runtime.control.ring import MADE, StepRecord
from leapp_core.spec.port import PortSpec
from tests.control.arm import ROOT, arm_policy, readings

IN = {"x": PortSpec("x", "float32", (1, 2), "state/joint/position", (("a", "b"),))}
OUT = {"y": PortSpec("y", "int64", ())}


def ring(path: Path, *, frequency: float = 10.0, seconds: float = 1.0) -> Ring:
    return Ring(path, "policy", frequency, (IN, OUT), seconds=seconds)


def record(number: int, text: str = "") -> StepRecord:
    values = {"x": np.full((1, 2), number, np.float32)}
    return StepRecord(number * 10**8, 7, number, 0.01, 0.002, MADE, values, {"y": np.array(-number)}, text)


def test_the_last_steps_are_there_oldest_first(tmp_path: Path) -> None:
    kept = ring(tmp_path / "r")
    assert read_ring(tmp_path / "r").records == ()
    for number in range(1, 26):
        kept.add(record(number, "zu spät: " * 60 if number == 20 else ""))
    found = read_ring(tmp_path / "r")  # while it is open
    assert [r.number for r in found.records] == list(range(16, 26))
    assert [int(r.outputs["y"]) for r in found.records] == [-n for n in range(16, 26)]
    assert all((r.inputs["x"] == r.number).all() for r in found.records)
    assert found.records[4].text.startswith("zu spät: zu spät")
    assert (found.graph, found.frequency, found.torn) == ("policy", 10.0, 0)
    kept.close()


def test_it_goes_on_where_it_ended(tmp_path: Path) -> None:
    for start in (1, 8):
        kept = ring(tmp_path / "r")
        assert kept.number == start - 1
        for number in range(start, start + 7):
            kept.add(record(number))
        kept.close()
    assert [r.number for r in read_ring(tmp_path / "r").records] == list(range(5, 15))


def test_what_was_being_written_is_left_out(tmp_path: Path) -> None:
    kept = ring(tmp_path / "r")
    for number in range(1, 11):
        kept.add(record(number))
    kept.close()
    data = bytearray((tmp_path / "r").read_bytes())
    size = (len(data) - 4096) // 10
    data[4096 + 3 * size + 40] ^= 1
    (tmp_path / "r").write_bytes(data)
    found = read_ring(tmp_path / "r")
    assert [r.number for r in found.records] == [1, 2, 3, 5, 6, 7, 8, 9, 10]
    assert found.torn == 1


@pytest.mark.parametrize("content", [b"", b"LPRING1\n", b"LPRING1\n{}\n", b"LPRING1\n[1]\n", b"PK" * 4000])
def test_what_is_no_ring_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "r").write_bytes(content)
    with pytest.raises(BundleError, match="r is not a ring of a controller"):
        read_ring(tmp_path / "r")
    if content:
        with pytest.raises(UsageError, match="is not a ring of this policy, rate and length"):
            ring(tmp_path / "r")
        assert (tmp_path / "r").read_bytes() == content


def test_a_ring_of_another_policy_is_kept(tmp_path: Path) -> None:
    ring(tmp_path / "r").close()
    before = (tmp_path / "r").read_bytes()
    for other in ({"frequency": 20.0, "seconds": 0.5}, {"seconds": 2.0}):
        with pytest.raises(UsageError, match="move it away"):
            ring(tmp_path / "r", **other)
    assert (tmp_path / "r").read_bytes() == before
    with pytest.raises(BundleError, match="cannot write the ring"):
        ring(tmp_path / "nowhere" / "r")


def controlled(path: Path, steps: int = 30) -> None:
    """Run a controller whose tenth reading is NaN."""
    policy = arm_policy()
    kept = Ring(path, policy.name, 1000.0, (policy.inputs, policy.outputs), seconds=1.0)
    count = iter(range(1000))

    def read() -> dict[str, np.ndarray]:
        number = next(count)
        values = readings(number)
        return values if number != 9 else {**values, "joint_pos": np.full((1, 3), np.nan, np.float32)}

    Controller(policy, FunctionAdapter(read, lambda _: None), ring=kept).run(steps=steps)
    kept.close()


def test_a_controller_keeps_what_it_read_and_sent(tmp_path: Path) -> None:
    controlled(tmp_path / "r")
    records = read_ring(tmp_path / "r").records
    assert len(records) == 30
    for number, found in enumerate(records):
        if number != 9:
            np.testing.assert_array_equal(found.inputs["joint_pos"], readings(number)["joint_pos"])
    assert np.isnan(records[9].inputs["joint_pos"]).all()
    np.testing.assert_array_equal(records[9].outputs["joint_targets"], records[8].outputs["joint_targets"])
    assert records[9].text.startswith("input 'joint_pos' is nan at shoulder")
    assert [r.status for r in records[8:11]] == [0, 1, 0]
    times = [r.time_ns for r in records]
    assert times == sorted(times)


def test_mcap_reads_back_with_mcap_and_with_a_rosbag_reader(tmp_path: Path) -> None:
    pytest.importorskip("mcap")
    rosbags = pytest.importorskip("rosbags.highlevel")
    from mcap.reader import make_reader

    controlled(tmp_path / "r")
    contents = read_ring(tmp_path / "r")
    write_mcap(tmp_path / "out.mcap", contents)
    with (tmp_path / "out.mcap").open("rb") as stream:
        reader = make_reader(stream)
        assert reader.get_header().profile == "ros2"
        summary = reader.get_summary()
        topics = {
            channel.topic: summary.statistics.channel_message_counts[n] for n, channel in summary.channels.items()
        }
        names = [c.metadata.get("element_names") for c in summary.channels.values() if c.topic == "/inputs/joint_pos"]
    ports = ("inputs/joint_pos", "inputs/joint_vel", "inputs/target_position", "outputs/joint_targets")
    assert topics == {f"/{name}": 30 for name in (*ports, "outputs/kp", "outputs/kd", "step")} | {"/faults": 1}
    assert json.loads(names[0]) == [["shoulder", "elbow", "wrist"]]
    found: dict[str, list] = {}
    with rosbags.AnyReader([tmp_path / "out.mcap"]) as bag:
        for connection, stamp, raw in bag.messages():
            found.setdefault(connection.topic, []).append((stamp, bag.deserialize(raw, connection.msgtype)))
    for record_, (stamp, message) in zip(contents.records, found["/outputs/joint_targets"], strict=True):
        assert stamp == record_.time_ns
        assert [dim.size for dim in message.layout.dim] == [1, 3]
        np.testing.assert_array_equal(message.data, record_.outputs["joint_targets"][0])
    assert [message.data[STEP.index("status")] for _, message in found["/step"]][8:11] == [0, 1, 0]
    assert found["/faults"][0][1].data.startswith("input 'joint_pos' is nan at shoulder")


def test_whole_numbers_and_scalars_go_into_mcap_too(tmp_path: Path) -> None:
    pytest.importorskip("mcap")
    rosbags = pytest.importorskip("rosbags.highlevel")
    kept = ring(tmp_path / "r")
    kept.add(record(3, "ß"))
    kept.close()
    write_mcap(tmp_path / "out.mcap", read_ring(tmp_path / "r"))
    with rosbags.AnyReader([tmp_path / "out.mcap"]) as bag:
        found = {c.topic: bag.deserialize(raw, c.msgtype) for c, _, raw in bag.messages()}
    assert found["/outputs/y"].data.tolist() == [-3.0]
    assert found["/outputs/y"].layout.dim == []
    assert found["/faults"].data == "ß"
    with pytest.raises(BundleError, match=r"cannot write x\.mcap"):
        write_mcap(tmp_path / "nowhere" / "x.mcap", read_ring(tmp_path / "r"))


KILLED = """
import sys
from tests.control.arm import arm_policy, readings
from leapp_core.runtime import Controller, FunctionAdapter, Ring

policy = arm_policy()
ring = Ring(sys.argv[1], policy.name, 1000.0, (policy.inputs, policy.outputs), seconds=10.0)
Controller(policy, FunctionAdapter(readings, lambda _: None), ring=ring).run()
"""


def test_a_killed_controller_leaves_all_that_it_sent(tmp_path: Path) -> None:
    path = tmp_path / "r"
    last = 0
    for _ in range(2):
        process = subprocess.Popen([sys.executable, "-c", KILLED, path], cwd=ROOT)
        until = time.monotonic() + 60
        while time.monotonic() < until and (not path.exists() or count(path) < last + 50):
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        found = read_ring(path)
        numbers = [r.number for r in found.records]
        assert numbers == list(range(1, len(numbers) + 1))
        assert found.torn <= 1
        assert numbers[-1] >= last + 50
        last = numbers[-1]


def count(path: Path) -> int:
    try:
        return len(read_ring(path).records)
    except BundleError:  # it is being made
        return 0
