"""The capture session: what users call around their own code."""

from __future__ import annotations

import dataclasses
import inspect
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from leapp_core.errors import CaptureError, LeappError, UsageError
from leapp_core.spec.names import check_name
from leapp_core.spec.semantics import TensorSemantics
from leapp_core.tracing.declare import check_options, entries, returned
from leapp_core.tracing.decorate import annotate_function
from leapp_core.tracing.dispatch import DispatchRecorder, FunctionRecorder
from leapp_core.tracing.progress import NodeProgress
from leapp_core.tracing.provenance.follow import Follower, followed
from leapp_core.tracing.record.recorder import TraceRecorder, unrecorded
from leapp_core.tracing.result import BackendChoice, CapturedPipeline
from leapp_core.tracing.shake import Shaker
from leapp_core.tracing.source.heap import Heap
from leapp_core.tracing.watch import Watch

if TYPE_CHECKING:
    from leapp_core.export.report import ExportReport
    from leapp_core.plugins.manager import PluginManager

LONGER = 8
"""How many times ``max_cached_io`` steps are recorded where fewer do not show what later steps do."""

_SUFFIX = {"state": "_in", "update": "_out"}

F = TypeVar("F", bound=Callable[..., Any])
MODULE = TypeVar("MODULE", bound=torch.nn.Module)


class CaptureSession:
    """Records several control steps of annotated code; see :func:`leapp_core.capture`.

    A step of a node begins where its first input is declared and lasts until it is declared again. User code gives
    what it gives without a session; the objects that live when it ends are held until it was compiled.

    Args:
        name: Graph name.
        save_path: Folder in which :meth:`export` makes the bundle folder.
        max_cached_io: Steps that are recorded and kept. Of later steps inputs and outputs are kept.
        strict: Whether checks that could not be made are an error.
        watch: Whether the program is run over the later steps, too, and must give what they gave.
        follow: Whether Python numbers, decisions and first steps may become part of the program.
    """

    def __init__(
        self,
        name: str,
        *,
        save_path: str | Path = ".",
        max_cached_io: int = 5,
        strict: bool = False,
        watch: bool = True,
        follow: bool = True,
    ) -> None:
        if max_cached_io < 1:
            raise UsageError(f"max_cached_io is {max_cached_io}", expected="at least 1", code="U003")
        self.name = check_name(name, "graph")
        self.save_path = Path(save_path)
        self._limit, self._longest = max_cached_io, max_cached_io * LONGER
        self._strict, self._follow = strict, follow
        self._stack: ExitStack | None = None
        self._recorder: TraceRecorder | None = None
        self._functions: FunctionRecorder | None = None
        self._follower: Follower | None = None
        self._choices: dict[str, BackendChoice] = {}
        self._names: dict[str, list[tuple[str, torch.Tensor]]] = {}
        self._progress: dict[str, NodeProgress] = {}
        self._watch, self._watching = Watch() if watch else None, False
        self._shaker: Shaker | None = None
        self._compiled: CapturedPipeline | CaptureError | None = None
        self._heap = Heap()

    @property
    def recording(self) -> bool:
        """Whether the session is open."""
        return self._stack is not None

    @property
    def looking_s(self) -> float:
        """Seconds of the recording that went into looking at the program's Python objects."""
        return self._recorder.python.seconds if self._recorder is not None else 0.0

    @property
    def steps(self) -> dict[str, int]:
        """Completed steps per node that were recorded."""
        return {node: progress.complete for node, progress in self._progress.items()}

    def __enter__(self) -> CaptureSession:
        self._start(sys._getframe(1))
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Open the session without a ``with`` block; :meth:`stop` closes it."""
        self._start(None)

    def stop(self) -> None:
        """Close the session; nothing of it stays active. Closing twice is fine."""
        stack, self._stack = self._stack, None
        with stack or nullcontext():  # it is closed whatever goes wrong
            if stack is not None and self._recorder is not None:
                self._recorder.look_last()
                if self._watch is not None:
                    self._watch.end(self._recorder)
                living = self._heap.hold()  # of a loop in a function only the session may be left
                if self._follower is not None:
                    self._follower.ends(living)

    def input_tensors(self, node: str, tensors: Any) -> Any:
        """Declare inputs of the node's current step: what a runtime will be given from outside.

        Args:
            node: Node name.
            tensors: ``{name: tensor}`` (in nested mappings, TensorDicts and lists: ``obs_pos``), one
                :class:`~leapp_core.TensorSemantics` with its ``ref``, or a list of them. A NumPy array or scalar
                stands for a tensor; while steps are recorded a subclass over the same memory takes its place in what
                is handed over, in variables and in attributes of your objects, so that what you compute is seen.

        Returns:
            What was given: one value for one entry, a tuple in order for more.

        Raises:
            UsageError: bad names or values, or the session is not open.
        """
        return self._declare("input", node, tensors)

    def state_tensors(self, node: str, tensors: Mapping[str, torch.Tensor]) -> Any:
        """Declare state that the step reads, under a name of your choice; see :meth:`update_state`.

        State needs no declaration to be found; declaring it gives it a name.
        """
        return self._declare("state", node, tensors)

    def update_state(self, node: str, tensors: Mapping[str, torch.Tensor]) -> Any:
        """Declare the next value of state declared with :meth:`state_tensors`."""
        return self._declare("update", node, tensors)

    def output_tensors(
        self,
        node: str,
        tensors: Any,
        static_outputs: Any = None,
        export_with: str | None = None,
        backend_params: Mapping[str, Any] | None = None,
    ) -> Any:
        """Declare outputs of the node's current step.

        Args:
            node: Node name.
            tensors: As in :meth:`input_tensors`.
            static_outputs: Outputs that never change, such as gains; same forms.
            export_with: Backend for this node instead of the pipeline's.
            backend_params: Its options.

        Returns:
            What was given as ``tensors``, as :meth:`input_tensors` does.

        Raises:
            UsageError: bad names or values, no input declared in this step, or the session is not open.
        """
        if node not in self._progress:
            raise UsageError(
                f"outputs of node {node!r} are declared before any of its inputs",
                fix="call input_tensors (or state_tensors) for the node first",
                code="D003",
            )
        if static_outputs:
            self._declare("static", node, static_outputs)
        result = self._declare("output", node, tensors)
        if export_with is not None or backend_params:
            self._choices[node] = BackendChoice(export_with, dict(backend_params or {}))
        return result

    def method(
        self, node: str | None = None, export_with: str | None = None, backend_params: Mapping[str, Any] | None = None
    ) -> Callable[[F], F]:
        """Decorate a function whose tensor arguments are inputs and whose results are outputs of a node.

        Results are named ``output`` (one), ``output_0``, ``output_1`` (a tuple) or by their keys (a dict).

        Args:
            node: Node name; the function's name by default.
            export_with: Backend for this node.
            backend_params: Its options.
        """
        return annotate_function(self, node, BackendChoice(export_with, dict(backend_params or {})))

    def module(self, node: str, module: MODULE, buffer_names: list[str] | None = None) -> MODULE:
        """Name state and constants of a node after a module's parameters and buffers; returns the module.

        Args:
            node: Node name.
            module: The module.
            buffer_names: Only these buffers; all by default.
        """
        for name, buffer in module.named_buffers():
            if buffer_names is None or name in buffer_names:
                self._names.setdefault(node, []).append((name, buffer))
        return module

    def register_buffer(self, node: str, tensors: Mapping[str, torch.Tensor]) -> Any:
        """Name tensors that the node writes in place, should they turn out to be state; returns them."""
        if self._functions is None:
            raise UsageError("the capture session is not open", fix="name buffers inside its with block", code="D003")
        ports, values = entries(tensors, f"buffers of node {node!r}", self._functions.tensor_of)
        self._names.setdefault(node, []).extend((s.name, t) for s, t in ports)
        return returned(values)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Run code that is not part of the program, such as physics, unrecorded.

        What it writes counts as coming from outside: reading it without declaring it is refused.
        """
        recorder = self._recorder
        watching, self._watching = self._watching, False
        try:
            with nullcontext() if recorder is None or recorder.idle else recorder.paused():
                yield
        finally:
            self._watching = watching

    def reset_state(self) -> None:
        """Say that state begins anew with the next step: an episode ended, a hidden state was cleared.

        Steps after the recorded ones are compared from initial state on then. Without this call, state that is at its
        first values again is recognised by what the step gives.
        """
        if self._watch is not None:
            self._watch.reset()

    def prove(
        self, step: Callable[[], Any], *, steps: int = 100, seconds: float = 60.0, seed: int = 0, least: int = 0
    ) -> int:
        """Make further steps of your own code whose inputs are shaken; the program must give what they give.

        Inputs that no edge feeds are scaled by up to 1,000, negated, set to zero, held, or made to jump, right where
        they are declared and in place, so that your code reads them. Memory that outlives the step, such as a
        simulator's, holds what it held again when the step declares its outputs.

        Args:
            step: Makes one control step as your loop does, declaring inputs and outputs itself.
            steps: How many of them to make once enough are recorded.
            seconds: Time limit; fewer steps are made then, and the report says how many.
            seed: Seed of what is drawn.
            least: How many are made whatever time they take.

        Returns:
            The number of steps made after the recorded ones.

        Raises:
            UsageError: the session is not open, does not watch, or the step declares nothing.
        """
        recorder = self._recorder
        if recorder is None or not self.recording or self._watch is None:
            raise UsageError(
                "prove needs an open session that watches", fix="call it inside the with block", code="D003"
            )
        until = time.monotonic() + seconds
        for _ in range(self._longest + 2):
            if recorder.idle:
                break
            step()
        if not self._watching:
            raise UsageError("the step given to prove declares no inputs and outputs of this session", code="D003")
        with self._shaken(recorder, seed):
            for made in range(steps):
                if made >= least and time.monotonic() > until:
                    self._watch.ended = f"{made} of {steps} shaken steps were made in {seconds:g} s"
                    return made
                try:
                    step()
                except LeappError:
                    raise
                except Exception as error:  # noqa: BLE001 - whatever user code thinks of inputs that no robot has
                    self._watch.ended = f"after {made} shaken steps your code raises {type(error).__name__}: {error}"
                    return made
        return steps

    @contextmanager
    def _shaken(self, recorder: TraceRecorder, seed: int) -> Iterator[None]:
        from leapp_core.program.compile import outside_inputs

        with recorder.resting():
            outside = outside_inputs(recorder)
        self._shaker = Shaker(outside, recorder.outlives_the_step, seed)
        try:
            yield
        finally:
            with unrecorded():
                self._shaker.restore()
            self._shaker = None

    def compile(self, plugins: PluginManager | None = None) -> CapturedPipeline:
        """Close the session and find the programs in the record.

        Args:
            plugins: Where passes over programs come from; all installed plugins by default.

        Returns:
            The captured pipeline; repeated calls return the same.

        Raises:
            CaptureError: the program seen cannot be exported exactly; the message says why and where.
        """
        self.stop()
        if self._recorder is None:
            raise UsageError(
                "nothing was captured", fix="use the session in a with block, then compile or export", code="D003"
            )
        if self._compiled is None:
            from leapp_core.plugins.manager import PluginManager
            from leapp_core.rewrites import compile_session

            try:
                self._compiled = compile_session(
                    self.name,
                    self._recorder,
                    self._choices,
                    self._names,
                    strict=self._strict,
                    watch=self._watch,
                    passes=[entry.item for entry in (plugins or PluginManager()).passes],
                    follow=self._follow,
                    heap=self._heap,
                )
            except CaptureError as refusal:
                self._compiled = refusal  # for good: what lived is let go of now
            self._heap.release()
        if isinstance(self._compiled, CaptureError):
            raise self._compiled.with_traceback(None)
        return self._compiled

    def export(self, backend: str | None = None, **options: Any) -> ExportReport:
        """Compile, write and validate the bundle ``<save_path>/<name>``.

        Args:
            backend: Backend name; ``onnx-dynamo`` by default.
            **options: Passed to :func:`leapp_core.export.run.export_pipeline`; ``save_path`` is the session's if it is
                not among them.

        Raises:
            LeappError: see :meth:`compile` and ``export_pipeline``; there is no option of that name.
        """
        from leapp_core.export.run import export_pipeline
        from leapp_core.plugins.manager import PluginManager

        check_options(options, set(inspect.signature(export_pipeline).parameters) - {"captured", "backend"})
        plugins = options.pop("plugins", None) or PluginManager()
        options.setdefault("save_path", self.save_path)
        if backend is not None:
            options["backend"] = backend
        return export_pipeline(self.compile(plugins), plugins=plugins, **options)

    def _start(self, caller: FrameType | None) -> None:
        if self._recorder is not None:
            raise UsageError(
                "this session was used already", fix="make a new one with leapp_core.capture(...)", code="D003"
            )
        DispatchRecorder.refuse_two()
        recorder = TraceRecorder(0 if caller is None or "contextlib" in caller.f_code.co_filename else id(caller))
        dispatch = DispatchRecorder(recorder)
        with ExitStack() as stack:
            if "torch._dynamo" in sys.modules:  # compiled functions run eagerly, and so do our own handlers
                stack.enter_context(torch.compiler.set_stance("force_eager"))
            # Below autograd calls are seen whole (linear, gru, layer_norm), not as their decompositions.
            stack.enter_context(torch._C._AutoDispatchBelowADInplaceOrView())
            stack.enter_context(dispatch)
            self._functions = stack.enter_context(FunctionRecorder(recorder, sys._getframe(1)))
            self._follower = stack.enter_context(followed(recorder)) if self._follow else None
            self._stack = stack.pop_all()
        self._recorder = recorder

    def _declare(self, role: str, node: str, tensors: Any) -> Any:
        check_name(node, "node")
        recorder, functions = self._recorder, self._functions
        if recorder is None or functions is None or not self.recording:
            raise UsageError(
                "the capture session is not open", fix="declare tensors inside its with block", code="D003"
            )
        if role in ("input", "state"):
            tensors = functions.exchange_arrays(tensors, sys._getframe(2))
        arrays: list[torch.Tensor | None] = []

        def tensor_of(value: Any) -> torch.Tensor | None:
            arrays.append(functions.tensor_of(value))
            return arrays[-1]

        ports, values = entries(tensors, f"{role} tensors of node {node!r}", tensor_of)
        progress = self._progress.setdefault(node, NodeProgress())
        if progress.begins_step(role, [s.name for s, _ in ports]):
            self._begin_step(recorder, sys._getframe(2))
            if self._watching and self._watch is not None:
                if self._shaker is not None:
                    with unrecorded():
                        self._shaker.begin(node)
                self._watch.begin(node, shaken=self._shaker is not None and self._shaker.shakes)
        if self._watching and self._watch is not None:
            self._watch_values(self._watch, node, role, [(s.name + _SUFFIX.get(role, ""), t) for s, t in ports])
        elif not recorder.idle:
            self._record(recorder, node, role, [(s, t, any(t is a for a in arrays)) for s, t in ports])
            progress.outputs_seen |= role == "output"
        return returned(values)

    @staticmethod
    def _record(
        recorder: TraceRecorder, node: str, role: str, ports: list[tuple[TensorSemantics, torch.Tensor, bool]]
    ) -> None:
        for semantics, tensor, is_array in ports:
            plain = semantics if semantics.ref is None else dataclasses.replace(semantics, ref=None)
            port = semantics.name + _SUFFIX.get(role, "")
            declaration = recorder.declare(node, port, role, tensor, plain, sys._getframe(3))
            declaration.array = is_array

    def _watch_values(self, watch: Watch, node: str, role: str, ports: list[tuple[str, torch.Tensor]]) -> None:
        if self._shaker is None:
            watch.add(node, role, ports)
            return
        with unrecorded():
            if role == "input":
                self._shaker.shake(node, ports)
            watch.add(node, role, ports)
            if role == "output":
                self._shaker.restore()

    def _begin_step(self, recorder: TraceRecorder, frame: FrameType) -> None:
        recorder.start_epoch()
        complete = min((p.complete + p.outputs_seen for p in self._progress.values()), default=0)
        if complete >= self._limit:
            if not recorder.idle and self._needs_longer(recorder):
                self._limit *= 2
            else:
                self._go_idle(recorder)
        elif complete in (1, self._limit - 1):  # the first step may initialise; the last shows what goes on
            recorder.python.look(complete, frame, recorder.sites.driver)

    def _needs_longer(self, recorder: TraceRecorder) -> bool:
        """Return whether what was recorded cannot be explained, and a longer recording may be."""
        if self._watch is None or self._limit >= self._longest or recorder.unsupported is not None:
            return False
        from leapp_core.program.compile import is_too_short

        with recorder.resting():
            return is_too_short(recorder)

    def _go_idle(self, recorder: TraceRecorder) -> None:
        if not recorder.idle:
            recorder.look_last()
            recorder.end()
            if self._watch is not None:
                recorder.calls, self._watching = self._watch.calls, True


def capture(
    name: str,
    save_path: str | Path = ".",
    *,
    max_cached_io: int = 5,
    strict: bool = False,
    watch: bool = True,
    follow: bool = True,
) -> CaptureSession:
    """Open a capture session around your own control loop.

    Example:
        >>> with capture("walker") as session:  # doctest: +SKIP
        ...     for _ in range(5):
        ...         obs = session.input_tensors("policy", {"obs": robot.observe()})
        ...         robot.step(session.output_tensors("policy", {"joint_target": policy(obs) * 0.25}))
        >>> session.export("onnx-dynamo")  # doctest: +SKIP

    Args:
        name: Graph name; the bundle becomes ``<save_path>/<name>``.
        save_path: Folder for the bundle.
        max_cached_io: Steps to record; at least 3 let capture tell state from constants, 5 are better.
        strict: Make every check that could not be made an error.
        watch: Keep inputs and outputs of later steps, and hold the program against them.
        follow: Let Python become part of the program: numbers that change, such as counters, become state, also those
            in lists and dictionaries; both ways of an ``if`` are run, and a tensor chooses between what they leave
            behind; queues that are refilled become rows of a tensor; a first step of its own is chosen by a state
            ``is_first``. Your functions run as rewritten copies meanwhile. Without it all of these are refused.
    """
    given = {"max_cached_io": max_cached_io, "strict": strict, "watch": watch, "follow": follow}
    return CaptureSession(name, save_path=save_path, **given)  # type: ignore[arg-type]
