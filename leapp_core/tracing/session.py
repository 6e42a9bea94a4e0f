"""The capture session: what users call around their own code."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack

from leapp_core.errors import CaptureError, UsageError
from leapp_core.spec.names import check_name
from leapp_core.tracing.declare import entries, returned
from leapp_core.tracing.decorate import annotate_function
from leapp_core.tracing.dispatch import DispatchRecorder, FunctionRecorder
from leapp_core.tracing.progress import NodeProgress
from leapp_core.tracing.provenance.follow import Follower
from leapp_core.tracing.provenance.hooks import Hooks
from leapp_core.tracing.record.recorder import TraceRecorder
from leapp_core.tracing.result import BackendChoice, CapturedPipeline

if TYPE_CHECKING:
    from leapp_core.export.report import ExportReport

_SUFFIX = {"state": "_in", "update": "_out"}

F = TypeVar("F", bound=Callable[..., Any])
MODULE = TypeVar("MODULE", bound=torch.nn.Module)


class CaptureSession:
    """Records several control steps of annotated code; see :func:`leapp_core.capture`.

    A step of a node begins where its first input is declared and lasts until it is declared again. User code runs
    exactly as without a session.

    Args:
        name: Graph name.
        save_path: Folder in which :meth:`export` makes the bundle folder.
        max_cached_io: Steps that are recorded and kept; later steps run unrecorded.
        strict: Whether checks that could not be made are an error.
    """

    def __init__(self, name: str, *, save_path: str | Path = ".", max_cached_io: int = 5, strict: bool = False) -> None:
        if max_cached_io < 1:
            raise UsageError(f"max_cached_io is {max_cached_io}", expected="at least 1")
        self.name = check_name(name, "graph")
        self.save_path = Path(save_path)
        self._limit = max_cached_io
        self._strict = strict
        self._stack: ExitStack | None = None
        self._recorder: TraceRecorder | None = None
        self._choices: dict[str, BackendChoice] = {}
        self._names: dict[str, list[tuple[str, torch.Tensor]]] = {}
        self._progress: dict[str, NodeProgress] = {}
        self._compiled: CapturedPipeline | None = None
        self._follows_numbers = False  # on trial; tests/provenance compares both

    @property
    def recording(self) -> bool:
        """Whether the session is open."""
        return self._stack is not None

    @property
    def steps(self) -> dict[str, int]:
        """Completed steps per node that were recorded."""
        return {node: progress.complete for node, progress in self._progress.items()}

    def __enter__(self) -> CaptureSession:
        self._start(sys._getframe(1))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Open the session without a ``with`` block; :meth:`stop` closes it."""
        self._start(None)

    def stop(self) -> None:
        """Close the session; nothing of it stays active. Closing twice is fine."""
        stack, self._stack = self._stack, None
        with stack or nullcontext():  # it is closed whatever goes wrong
            if stack is not None and self._recorder is not None:
                self._recorder.python.end()

    def input_tensors(self, node: str, tensors: Any) -> Any:
        """Declare inputs of the node's current step: what a runtime will be given from outside.

        Args:
            node: Node name.
            tensors: ``{name: tensor}`` (in nested mappings, TensorDicts and lists: ``obs_pos``), one
                :class:`~leapp_core.TensorSemantics` with its ``ref``, or a list of them.

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
        ports, values = entries(tensors, f"buffers of node {node!r}")
        self._names.setdefault(node, []).extend((s.name, t) for s, t in ports)
        return returned(values)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Run code that is not part of the program, such as physics, unrecorded.

        What it writes counts as coming from outside: reading it without declaring it is refused.
        """
        recorder = self._recorder
        with nullcontext() if recorder is None or recorder.idle else recorder.paused():
            yield

    def compile(self) -> CapturedPipeline:
        """Close the session and find the programs in the record.

        Returns:
            The captured pipeline; repeated calls return the same.

        Raises:
            CaptureError: the program seen cannot be exported exactly; the message says why and where.
        """
        self.stop()
        if self._recorder is None:
            raise UsageError("nothing was captured", fix="use the session in a with block, then compile or export")
        if self._compiled is None:
            from leapp_core.program.compile import compile_session

            self._compiled = compile_session(self.name, self._recorder, self._choices, self._names, strict=self._strict)
        return self._compiled

    def export(self, backend: str | None = None, **options: Any) -> ExportReport:
        """Compile, write and validate the bundle ``<save_path>/<name>``.

        Args:
            backend: Backend name; ``onnx-dynamo`` by default.
            **options: Passed to :func:`leapp_core.export.run.export_pipeline`.

        Raises:
            LeappError: see :meth:`compile` and ``export_pipeline``.
        """
        from leapp_core.export.run import export_pipeline
        from leapp_core.plugins.manager import PluginManager

        plugins = options.pop("plugins", None) or PluginManager()
        if backend is not None:
            options["backend"] = backend
        return export_pipeline(self.compile(), save_path=self.save_path, plugins=plugins, **options)

    def _start(self, caller: FrameType | None) -> None:
        if self._recorder is not None:
            raise UsageError("this session was used already", fix="make a new one with leapp_core.capture(...)")
        if any(isinstance(m, DispatchRecorder) for m in _get_current_dispatch_mode_stack()):
            raise CaptureError(
                "a capture session is active already; sessions do not nest",
                fix="close it first, or declare several nodes in one session",
            )
        own = caller is None or "contextlib" in caller.f_code.co_filename
        recorder = TraceRecorder(0 if own or caller is None else id(caller))
        dispatch = DispatchRecorder(recorder)
        with ExitStack() as stack:
            if "torch._dynamo" in sys.modules:  # compiled functions run eagerly, and so do our own handlers
                stack.enter_context(torch.compiler.set_stance("force_eager"))
            # Below autograd calls are seen whole (linear, gru, layer_norm), not as their decompositions.
            stack.enter_context(torch._C._AutoDispatchBelowADInplaceOrView())
            stack.enter_context(dispatch)
            functions = stack.enter_context(FunctionRecorder(recorder))
            if self._follows_numbers:
                stack.enter_context(Follower(Hooks(recorder, functions.numpy)))
            self._stack = stack.pop_all()
        self._recorder = recorder

    def _declare(self, role: str, node: str, tensors: Any) -> Any:
        check_name(node, "node")
        ports, values = entries(tensors, f"{role} tensors of node {node!r}")
        recorder = self._recorder
        if recorder is None or not self.recording:
            raise UsageError("the capture session is not open", fix="declare tensors inside its with block")
        progress = self._progress.setdefault(node, NodeProgress())
        if progress.begins_step(role, [s.name for s, _ in ports]):
            self._begin_step(recorder, sys._getframe(2))
        if not recorder.idle:
            for semantics, tensor in ports:
                plain = semantics if semantics.ref is None else dataclasses.replace(semantics, ref=None)
                port = semantics.name + _SUFFIX.get(role, "")
                recorder.declare(node, port, role, tensor, plain, sys._getframe(2))
            progress.outputs_seen |= role == "output"
        return returned(values)

    def _begin_step(self, recorder: TraceRecorder, frame: FrameType) -> None:
        recorder.start_epoch()
        complete = min((p.complete for p in self._progress.values()), default=0)
        if complete >= self._limit:
            recorder.python.end()
            recorder.idle = True
        elif complete in (1, self._limit - 1):  # the first step may initialise; the last shows what goes on
            recorder.python.look(complete, frame, recorder.sites.driver)


def capture(name: str, save_path: str | Path = ".", *, max_cached_io: int = 5, strict: bool = False) -> CaptureSession:
    """Open a capture session around your own control loop.

    Example:
        >>> with capture("walker") as session:  # doctest: +SKIP
        ...     for _ in range(5):
        ...         session.input_tensors("policy", {"joint_pos": robot.joint_pos})
        ...         action = policy(observe(robot))
        ...         session.output_tensors("policy", {"joint_target": action * 0.25})
        ...         robot.step(action)
        >>> session.export("onnx-dynamo")  # doctest: +SKIP

    Args:
        name: Graph name; the bundle becomes ``<save_path>/<name>``.
        save_path: Folder for the bundle.
        max_cached_io: Steps to record; at least 3 let capture tell state from constants, 5 are better.
        strict: Make every check that could not be made an error.
    """
    return CaptureSession(name, save_path=save_path, max_cached_io=max_cached_io, strict=strict)
