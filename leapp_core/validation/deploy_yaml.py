"""Hold a bundle against a ``deploy.yaml`` that is kept by hand, as runtimes of Isaac Lab policies on robots read it.

Such a file repeats what a bundle holds in its program: control period, gains, default pose, scale, offset and clip of
actions, and of each observation term scale, clip and history. Its lists are in the order of the policy's joints, but
for ``stiffness`` and ``damping``, which are in the order of the motors; ``joint_ids_map`` leads from one to the other.
Torch-free.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leapp_core.bundle import LoadedBundle
from leapp_core.errors import UsageError
from leapp_core.spec.pipeline import PipelineSpec
from leapp_core.spec.port import PortSpec
from leapp_core.spec.yaml_nodes import MAX_BYTES, parse_yaml
from leapp_core.validation.gains import recorded_gains
from leapp_core.validation.terms import Change, plain_text, values_change

_KEYS = frozenset({"step_dt", "joint_ids_map", "stiffness", "damping", "default_joint_pos", "actions", "observations"})
_POSITIONS = ("target/joint/position", "state/joint/position")


@dataclass(frozen=True)
class Compared:
    """What a comparison found.

    Attributes:
        changes: What differs, first as the bundle has it.
        same: What was compared and is the same.
        left_out: What could not be compared, and why.
    """

    changes: tuple[Change, ...]
    same: tuple[str, ...]
    left_out: tuple[str, ...]


def is_deploy_yaml(path: Path) -> bool:
    """Return whether a file is a ``deploy.yaml``: by what it holds, since bundles are YAML too."""
    if path.suffix.lower() not in (".yaml", ".yml") or not path.is_file() or path.stat().st_size > MAX_BYTES:
        return False
    text = path.read_bytes()
    if b"step_dt" not in text and b"joint_ids_map" not in text:
        return False
    content = parse_yaml(text, path.name).plain()
    return isinstance(content, dict) and "models" not in content and len(_KEYS & content.keys()) > 1


def compare_with_deploy_yaml(bundle: LoadedBundle, path: Path) -> Compared:
    """Compare a bundle with a ``deploy.yaml``.

    Args:
        bundle: The bundle. Its gains are those of its recording.
        path: The file.

    Raises:
        BundleProblemsError: the file is no YAML.
        UsageError: a list of it is no list of numbers.
    """
    content = parse_yaml(path.read_bytes(), path.name).plain()
    comparison = _Comparison(bundle, content, path.name)
    comparison.run()
    return Compared(tuple(comparison.changes), tuple(comparison.same), tuple(comparison.left_out))


class _Comparison:
    def __init__(self, bundle: LoadedBundle, content: Mapping[str, Any], source: str) -> None:
        self._bundle = bundle
        self._spec: PipelineSpec = bundle.document.pipeline
        self._content = content
        self._source = source
        self._joints: Sequence[str] = ()
        self.changes: list[Change] = []
        self.same: list[str] = []
        self.left_out: list[str] = []

    def run(self) -> None:
        ports = [self._spec.output_spec(r) for r in self._spec.outputs]
        ports += [self._spec.input_spec(r) for r in self._spec.inputs]
        posed = sorted((p for p in ports if p.kind in _POSITIONS), key=lambda p: "default" not in p.extra)
        self._joints = _names(posed[0]) if posed else ()
        frequency = self._spec.configs.frequency
        self._hold("control period (s)", None if frequency is None else 1.0 / frequency, "step_dt")
        self._gains()
        self._hold("default position", posed[0].extra.get("default") if posed else None, "default_joint_pos")
        self._actions()
        self._observations()

    def _hold(self, where: str, mine: Any, key: str) -> None:
        self._compare(where, mine, self._content.get(key))

    def _compare(
        self, where: str, mine: Any, theirs: Any, names: Sequence[str] | None = None, *, unset: Any = None
    ) -> None:
        """Compare one value; ``unset`` is what a value that neither states amounts to."""
        mine, theirs = (unset if value is None else value for value in (mine, theirs))
        if mine is None or theirs is None:
            if mine is not theirs:
                lacking = "the bundle states" if mine is None else f"{self._source} has"
                self.left_out.append(f"{where}: {lacking} none")
            return
        if isinstance(mine, (list, tuple)) != isinstance(theirs, (list, tuple)):
            mine, theirs = _alike(mine, theirs)
        found = list(values_change(where, mine, theirs, self._joints if names is None else names))
        self.changes += found
        if not found:
            self.same.append(where)

    def _gains(self) -> None:
        gains = recorded_gains(self._bundle)
        motors = self._content.get("joint_ids_map")
        for kind, key in (("kp", "stiffness"), ("kd", "damping")):
            theirs = self._content.get(key)
            if theirs is not None and motors is not None:
                theirs = _by_joint(_numbers(theirs, key), [int(i) for i in _numbers(motors, "joint_ids_map")], key)
            mine = next((v for ref, v in gains.items() if self._spec.output_spec(ref).kind == kind), None)
            self._compare(f"{kind} ({key})", mine, theirs)

    def _actions(self) -> None:
        theirs = list((self._content.get("actions") or {}).values())
        mine = self._spec.configs.extra.get("action_terms") or ()
        if not mine or not theirs:
            self.left_out += ["actions: the bundle lists no action terms"] if theirs else []
            return
        targets = [str(t) for term in mine for t in term.get("targets") or ()]
        for key, unset in (("scale", 1.0), ("offset", 0.0), ("clip", None)):
            one = [value for term in mine for value in _expanded(term.get(key), len(term.get("targets") or ()), unset)]
            if len(theirs) == 1:
                other = _expanded((theirs[0] or {}).get(key), len(targets), unset)
            else:
                sizes = [len(term["scale"]) if isinstance(term.get("scale"), list) else 0 for term in theirs]
                other = [v for term, n in zip(theirs, sizes, strict=True) for v in _expanded(term.get(key), n, unset)]
            self._compare(f"action {key}", one, other, targets)

    def _observations(self) -> None:
        theirs = self._content.get("observations") or {}
        mine = self._spec.configs.extra.get("observation_terms") or ()
        if not mine or not theirs:
            self.left_out += ["observations: the bundle lists no observation terms"] if theirs else []
            return
        if all(isinstance(v, Mapping) and "scale" not in v and "params" not in v for v in theirs.values()):
            theirs = next(iter(theirs.values()))  # by group
        ours = {str(term["name"]): term for term in mine}
        for name in sorted(ours.keys() ^ theirs.keys()):
            self.changes.append(
                Change(f"observation {name}", "there" if name in ours else "", "there" if name in theirs else "")
            )
        both = [name for name in ours if name in theirs]
        if both != [name for name in theirs if name in ours]:
            self.changes.append(Change("order of observations", ", ".join(both), ", ".join(theirs)))
        for name in both:
            one, other = ours[name], theirs[name] or {}
            history = one.get("history_length") or 1
            self._compare(f"observation {name} scale", one.get("scale"), other.get("scale"), (), unset=1.0)
            clips = [_expanded(term.get("clip"), 0, None) or None for term in (one, other)]
            if clips != [None, None]:
                texts = [[float(v) for v in clip] if clip else "none" for clip in clips]
                self._compare(f"observation {name} clip", texts[0], texts[1], ("low", "high"))
            self._compare(f"observation {name} history", history, other.get("history_length") or 1)


def _names(port: PortSpec) -> tuple[str, ...]:
    axes = port.element_names or ()
    last = axes[-1] if axes else None
    return tuple(map(str, last)) if isinstance(last, (list, tuple)) else ()


def _by_joint(values: list[float], motors: list[int], key: str) -> list[float]:
    """Return gains in the order of the policy's joints.

    Where motors that the policy does not drive have gains too, the map leads to them; where they are left out, the
    gains are those of the others in the order of their motors.
    """
    if max(motors, default=-1) < len(values):
        return [values[motor] for motor in motors]
    if len(values) != len(motors):
        raise UsageError(
            f"{key} has {len(values)} values, and joint_ids_map {len(motors)} motors up to {max(motors)}",
            expected="a value for each motor, or for each that the map names",
            code="U003",
        )
    order = sorted(range(len(motors)), key=lambda joint: motors[joint])
    found = [0.0] * len(values)
    for value, joint in zip(values, order, strict=True):
        found[joint] = value
    return found


def _numbers(value: Any, key: str) -> list[float]:
    if not isinstance(value, list) or not all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in value):
        raise UsageError(f"{key} is {plain_text(value)[:60]!r}", expected="a list of numbers", code="U003")
    return value


def _expanded(value: Any, count: int, unset: Any) -> list[Any]:
    """Return a value for each element; one that is set for all stands for each, and so does one pair of limits."""
    if value is None:
        return [] if unset is None else [unset] * count
    if isinstance(value, (list, tuple)):
        pair = len(value) == 2 and count > 2 and not any(isinstance(v, (list, tuple)) for v in value)
        return [list(value)] * count if pair and unset is None else list(value)
    return [value] * max(count, 1)


def _alike(mine: Any, theirs: Any) -> tuple[Any, Any]:
    """Return a single value as a list where the other side has one, if both can be compared."""
    if isinstance(mine, (list, tuple)) and not isinstance(theirs, str):
        return mine, [theirs] * len(mine)
    if isinstance(theirs, (list, tuple)) and not isinstance(mine, str):
        return [mine] * len(theirs), theirs
    return mine, theirs
