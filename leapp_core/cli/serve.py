"""``leapp serve``: run a bundle on a robot."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leapp_core.cli.numbers import MOST_SECONDS, real, whole
from leapp_core.cli.options import (
    BundleArgument,
    JsonFlag,
    ProviderOption,
    TrustFlag,
    examples,
    existing_file,
    plugins_of,
)
from leapp_core.cli.render import print_note, show, show_json
from leapp_core.cli.views import View, fields
from leapp_core.errors import UsageError
from leapp_core.places import check_place
from leapp_core.plugins.markers import hookimpl
from leapp_core.words import counted

if TYPE_CHECKING:
    from leapp_core.runtime import Adapter, Controller, ControlReport, Limits, PolicyRuntime, Ring

_PERIODS = 5
"""How old a reading may be, in periods, unless limits say another age."""


@hookimpl
def leapp_register_commands(app: typer.Typer) -> None:
    """Add ``serve``."""
    lines = examples(
        "leapp serve out/X --listen 127.0.0.1:9870 --send 127.0.0.1:9871",
        "leapp serve out/X --dds 0 --limits limits.yaml --ring last.ring",
        "leapp serve out/X --adapter my_robot.py:connect --seconds 60",
    )
    app.command("serve", epilog=lines)(serve)


LISTEN = typer.Option("--listen", metavar="HOST:PORT", help="UDP: address at which readings come.")
SEND = typer.Option("--send", metavar="HOST:PORT", help="UDP: address to which commands go.")
DDS = whole("--dds", help="DDS domain; topics are leapp/NAME/readings and leapp/NAME/commands.", least=0, most=230)
INTERFACE = typer.Option("--interface", help="With --dds: network interface, such as lo.")
ADAPTER = typer.Option(
    "--adapter", metavar="FILE.py:FUNCTION", help="Your own connection: the function is given the policy."
)
STAMPS = typer.Option(
    "--stamps", help="Readings count as taken on `arrival`, or when the `sender` says, by the same clock."
)
LIMITS = typer.Option("--limits", help="YAML file with limits, safe outputs and what happens when one is broken.")
AGE = real("--max-age", least=1e-3, most=3600.0, help="Oldest reading (s) that is used; by default 5 periods.")
RATE = real("--rate", least=1e-3, most=1e6, help="Steps per second, where the bundle states none, or another.")
OTHER = typer.Option("--allow-other-rate", help="The rate may be another than the bundle's.")
STEPS = whole("--steps", help="End after this many periods.", least=1, most=10**12)
SECONDS = real("--seconds", least=1e-3, most=MOST_SECONDS, help="End after this time.")
RING = typer.Option("--ring", help="Keep the last steps in this file, also if this process is killed.")
LENGTH = real("--ring-seconds", least=1e-2, most=MOST_SECONDS, help="With --ring: how long a time.")
MCAP = typer.Option("--mcap", help="With --ring: write it to this MCAP file at the end.")


def serve(  # noqa: PLR0913 - one parameter per option
    context: typer.Context,
    bundle: BundleArgument,
    listen: Annotated[str | None, LISTEN] = None,
    send: Annotated[str | None, SEND] = None,
    dds: Annotated[int | None, DDS] = None,
    interface: Annotated[str | None, INTERFACE] = None,
    adapter: Annotated[str | None, ADAPTER] = None,
    stamps: Annotated[str, STAMPS] = "arrival",
    limits: Annotated[Path | None, LIMITS] = None,
    max_age: Annotated[float | None, AGE] = None,
    rate: Annotated[float | None, RATE] = None,
    allow_other_rate: Annotated[bool, OTHER] = False,
    steps: Annotated[int | None, STEPS] = None,
    seconds: Annotated[float | None, SECONDS] = None,
    ring: Annotated[Path | None, RING] = None,
    ring_seconds: Annotated[float | None, LENGTH] = None,
    mcap: Annotated[Path | None, MCAP] = None,
    provider: ProviderOption = "cpu",
    trust: TrustFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Run a bundle on a robot: read, step, write, at its rate.

    Readings that are too old, not finite or out of limits make no step; what is sent
    then, the limits say, and at the end, on Ctrl+C too, it is the safe outputs.
    """
    from leapp_core.plugins.runners import RunnerSettings
    from leapp_core.runtime import Controller, load
    from leapp_core.runtime.control.mcap_file import need_mcap, write_mcap
    from leapp_core.runtime.control.ring import read_ring

    place = _Place(listen, send, dds, interface, adapter, stamps)
    _check_ring(ring, ring_seconds, mcap)
    if mcap is not None:
        need_mcap()
    how: dict[str, Any] = {"settings": RunnerSettings(provider), "plugins": plugins_of(context), "trust": trust}
    policy = load(
        bundle,
        limits=_limits(limits, max_age, bundle, rate),
        rate=rate,
        allow_other_rate=allow_other_rate,
        **how,
    )
    for note in policy.notes:
        print_note(note)
    with _ring(policy, ring, ring_seconds) as kept, _connect(policy, place) as connection:
        controller = Controller(policy, connection, ring=kept)
        with _signals(controller):
            try:
                report = controller.run(steps=steps, seconds=seconds)
            finally:
                if ring is not None and mcap is not None:
                    write_mcap(mcap, read_ring(ring))
    if as_json:
        show_json(report.as_dict())
    else:
        show(_view(report))


@dataclass(frozen=True)
class _Place:
    """Where the robot is, as the options say.

    Raises:
        UsageError: they contradict each other, or say nothing.
    """

    listen: str | None
    send: str | None
    dds: int | None
    interface: str | None
    adapter: str | None
    stamps: Any

    def __post_init__(self) -> None:
        if (self.listen is None) != (self.send is None):
            raise UsageError("only one of --listen and --send was given", expected="both or none", code="U004")
        named = (("--listen", self.listen), ("--dds", self.dds), ("--adapter", self.adapter))
        ways = [name for name, value in named if value is not None]
        if len(ways) != 1:
            raise UsageError(
                f"{' and '.join(ways)} are different connections to the robot"
                if ways
                else "no connection to the robot was given",
                expected="one of --listen with --send, --dds, --adapter",
                code="U004",
            )
        if self.interface is not None and self.dds is None:
            raise UsageError(
                "--interface goes with --dds", fix="add --dds DOMAIN, or leave --interface out", code="U004"
            )
        if self.stamps not in ("arrival", "sender"):
            raise UsageError(f"--stamps is {self.stamps!r}", expected="arrival or sender", code="U003")


def _check_ring(ring: Path | None, seconds: float | None, mcap: Path | None) -> None:
    for option, value in (("--ring-seconds", seconds), ("--mcap", mcap)):
        if value is not None and ring is None:
            raise UsageError(f"{option} goes with --ring", fix=f"add --ring FILE, or leave {option} out", code="U004")
    for option, place in (("--ring", ring), ("--mcap", mcap)):
        if place is not None:
            check_place(option, place)


def _limits(path: Path | None, max_age: float | None, bundle: Path, rate: float | None) -> Limits:
    """Return the limits of the file; an age is always among them."""
    from leapp_core.bundle import load_document
    from leapp_core.runtime import Limits
    from leapp_core.runtime.control.limits_file import read_limits

    existing_file("--limits", path)
    limits = Limits() if path is None else read_limits(path)
    if max_age is not None:
        return replace(limits, max_age=max_age)
    if limits.max_age is not None:
        return limits
    frequency = rate or load_document(bundle).document.pipeline.configs.frequency
    if frequency is None:
        raise UsageError("the bundle states no rate", fix="give one with --rate", code="R014")
    return replace(limits, max_age=_PERIODS / frequency)


@contextmanager
def _connect(policy: PolicyRuntime, place: _Place) -> Iterator[Adapter]:
    from leapp_core.runtime import Layout, Link, LinkAdapter
    from leapp_core.runtime.control.dds import DdsTransport
    from leapp_core.runtime.control.own_adapter import own_adapter
    from leapp_core.runtime.control.udp import UdpTransport, parse_address

    if place.adapter is not None:
        yield own_adapter(place.adapter, policy)
        return
    layouts = Layout(policy.inputs), Layout(policy.outputs)
    if place.listen is not None and place.send is not None:
        addresses = parse_address(place.listen, "--listen"), parse_address(place.send, "--send")
        with UdpTransport(*addresses) as transport:
            yield LinkAdapter(Link(transport, *layouts), stamps=place.stamps)
        return
    topics = (f"leapp/{policy.name}/{side}" for side in ("readings", "commands"))
    dds = DdsTransport(*topics, domain=place.dds or 0, interface=place.interface)
    yield LinkAdapter(Link(dds, *layouts), stamps=place.stamps)


@contextmanager
def _ring(policy: PolicyRuntime, path: Path | None, seconds: float | None) -> Iterator[Ring | None]:
    from leapp_core.runtime import Ring

    if path is None or policy.rate is None:
        yield None
        return
    ring = Ring(path, policy.name, policy.rate, (policy.inputs, policy.outputs), seconds=seconds or 30.0)
    try:
        yield ring
    finally:
        ring.close()


@contextmanager
def _signals(controller: Controller) -> Iterator[None]:
    """End the loop, and not the process, on Ctrl+C and when a supervisor ends it."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: controller.stop()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _view(report: ControlReport) -> View:
    faults = ", ".join(f"{code.removeprefix('LEAPP-')} {count}" for code, count in report.faults.items())
    return fields(
        {
            "ended": report.ended,
            "periods": report.beats,
            "steps made": report.made,
            "held or safe instead": report.instead,
            "nothing sent": report.silent,
            "readings": f"{report.readings} of {counted(report.sessions, 'run')}",
            "faults": f"{faults}; last: {report.last_fault}" if faults else "none",
            "rate": f"{report.rate.achieved:.6g} of {report.rate.frequency:g} Hz, {report.rate.skipped} skipped",
        }
    )
