"""The two modes that see what runs: every ATen call, and the few torch functions that read elements without one."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import FrameType
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode, _get_current_dispatch_mode_stack

from leapp_core.errors import CaptureError
from leapp_core.tracing.numpy_calls.declared import DeclaredArrays
from leapp_core.tracing.numpy_calls.kept import KeptArrays
from leapp_core.tracing.numpy_calls.makers import NumpyMakers
from leapp_core.tracing.numpy_calls.recorder import NumpyRecorder
from leapp_core.tracing.objects.carried import plain_all
from leapp_core.tracing.record.attention import FusedAttention
from leapp_core.tracing.record.memory import Guard
from leapp_core.tracing.record.recorder import TraceRecorder, tensors_of, unrecorded

if TYPE_CHECKING:
    from leapp_core.tracing.record.opplan import OpPlan

_TENSOR = torch.Tensor
_NO_KWARGS: dict[str, Any] = {}


class DispatchRecorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Hands every ATen call to the recorder and computes it as it would be computed without a session.

    Make it before the session enters anything: the dispatch keys of the moment are those that calls run under.
    """

    def __init__(self, recorder: TraceRecorder) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._recorder = recorder
        # With autograd left out, calls made of others take another route inside (matmul folds otherwise).
        self._keys = {mode: _dispatch_keys(mode) for mode in (False, True)}

    @classmethod
    def refuse_two(cls) -> None:
        """Refuse to begin while another session is open.

        Raises:
            CaptureError: one is.
        """
        if any(isinstance(mode, cls) for mode in _get_current_dispatch_mode_stack()):
            raise CaptureError(
                "a capture session is active already; sessions do not nest",
                fix="close it first, or declare several nodes in one session",
                code="D003",
            )

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # The mode's handler would otherwise be wrapped in dynamo-disable frames: 10 us a call, and frames that are
        # not the user's.
        return False

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Record one call."""
        recorder = self._recorder
        if kwargs is None:
            kwargs = _NO_KWARGS
        plan = recorder.plans.get(id(func)) or recorder.plans.learn(func)
        if recorder.idle:
            return self._unrecorded(func, plan, args, kwargs)
        if plan.acts and recorder.guard is not None:
            return self._guarded(recorder.guard, func, plan, args, kwargs, sys._getframe(1))
        if not plan.ordinary and not (plan.selects and recorder.unsettled):
            return self._peculiar(func, plan, args, kwargs, sys._getframe(1))
        # The loop is written out: it runs for every call of the user's step.
        known, touched = recorder.known, recorder.touched
        for a in args:
            if isinstance(a, _TENSOR):
                info = known.get(id(a))
                if info is None or info[0] not in touched:
                    recorder.touch(a)
            elif isinstance(a, (list, tuple)):
                self._touch_all(a)
        if kwargs:
            self._touch_all(kwargs.values())
        out = self._compute(func, plan, args, kwargs) if plan.composite else func(*args, **kwargs)
        recorder.note(func, args, kwargs, out, plan, sys._getframe(1))
        return out

    def _touch_all(self, values: Iterable[Any]) -> None:
        for tensor in tensors_of(tuple(values)):
            self._recorder.touch(tensor)

    def _unrecorded(self, func: Any, plan: OpPlan, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self._recorder.calls is not None:
            self._recorder.calls.append(id(func))
        return self._compute(func, plan, args, kwargs)

    def _guarded(
        self, guard: Guard, func: Any, plan: OpPlan, args: tuple[Any, ...], kwargs: dict[str, Any], frame: FrameType
    ) -> Any:
        """Record a call that does more than give a result, between what a guard does before and after it."""
        with self:  # what it does is recorded
            after = guard(plan, args, kwargs)
        out = self._peculiar(func, plan, args, kwargs, frame)
        if after is not None:
            with self:
                after()
        return out

    def _peculiar(
        self, func: Any, plan: OpPlan, args: tuple[Any, ...], kwargs: dict[str, Any], frame: FrameType
    ) -> Any:
        """Record a call that changes metadata, lets a value escape, brings one in, or may take a row by tensor."""
        recorder = self._recorder
        recorder.settle()
        ins = [recorder.touch(a) for a in tensors_of((*args, *kwargs.values()))]
        out = self._compute(func, plan, args, kwargs)
        recorder.add(func, args, kwargs, out, ins, plan, frame)
        return out

    def _compute(self, func: Any, plan: OpPlan, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not plan.composite:
            return func(*args, **kwargs)
        with torch._C._ForceDispatchKeyGuard(*self._keys[torch.is_inference_mode_enabled()]):
            return func(*args, **kwargs)


def _dispatch_keys(inference: bool) -> tuple[Any, Any]:
    """Return the dispatch keys that calls include and exclude now, inside or outside inference mode."""
    with torch.inference_mode(inference):
        return torch._C._dispatch_tls_local_include_set(), torch._C._dispatch_tls_local_exclude_set()


class FunctionRecorder(TorchFunctionMode):
    """Sees ``torch.tensor([t0, t1])`` and its kin, which read tensor elements with no ATen call, and ``.numpy()``."""

    PACKING = frozenset({torch.tensor, torch.as_tensor, torch.asarray, _TENSOR.new_tensor})
    LEAVING: frozenset[Any] = frozenset((_TENSOR.numpy, _TENSOR.__array__))
    TRAINING: frozenset[Any] = frozenset((_TENSOR.backward, torch.autograd.backward, torch.autograd.grad))
    TEXTS: frozenset[Any] = frozenset((_TENSOR.__repr__, _TENSOR.__format__))
    WATCHED: frozenset[Any] = PACKING | LEAVING | TRAINING | TEXTS | {_TENSOR.__deepcopy__}

    def __init__(self, recorder: TraceRecorder, opener: FrameType) -> None:
        super().__init__()
        self._recorder = recorder
        self._opener: FrameType | None = opener
        self._numpy = NumpyRecorder(recorder)
        self._kept = KeptArrays(self._numpy.keep)
        self._declared = DeclaredArrays(self._numpy.declared)
        self._makers = NumpyMakers(self._numpy)
        self._attention = FusedAttention(recorder, self)

    def exchange_arrays(self, given: Any, frame: FrameType) -> Any:
        """Return what is declared as inputs; while steps are recorded, its arrays report what is done to them."""
        return given if self._recorder.idle else self._declared.exchange(given, frame)

    def tensor_of(self, value: Any) -> torch.Tensor | None:
        """Return the tensor over a declared array's memory; ``None`` if PyTorch has no such dtype."""
        return self._numpy.tensor_of(value)

    def __enter__(self) -> FunctionRecorder:
        super().__enter__()  # type: ignore[no-untyped-call]
        self._makers.install()
        self._kept.install(self._opener)
        self._opener = None
        self._attention.install()
        return self

    def __exit__(self, *exc: Any) -> None:
        self._attention.remove()
        self._makers.remove()
        self._kept.remove()
        self._numpy.close()
        self._recorder.settle()
        self._recorder.sites.release()
        super().__exit__(*exc)  # type: ignore[no-untyped-call]

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Record packing of tensors into a new tensor, and arrays that leave for NumPy."""
        if func not in self.WATCHED and not self._numpy.used:
            return func(*args, **kwargs) if kwargs else func(*args)
        if func in self.TRAINING and _transforms() is None:  # torch.func's transforms keep records of their own
            raise self._gradients(sys._getframe(1))
        if func in self.TEXTS and not self._recorder.idle:
            args[0].resolve_neg()  # seen as values that leave: text may be compared
        if func in self.LEAVING:
            return self._numpy.carry(args[0], func(*args, **(kwargs or {})))
        if func is _TENSOR.__deepcopy__ and not self._recorder.idle:
            return self._deep_copy(args[0], args[1])
        carried = args
        if self._numpy.used:  # PyTorch knows NumPy's own scalar types only
            args = plain_all(args)
        out = func(*args, **(kwargs or {}))
        if func in self.PACKING and not self._recorder.idle:
            self._pack(func, carried, kwargs or {}, out)
        return out

    def _deep_copy(self, tensor: torch.Tensor, memo: Any) -> torch.Tensor:
        """Record a deep copy as a clone of all the memory: PyTorch copies bytes, whatever they mean."""
        recorder = self._recorder
        recorder.settle()
        source = _whole(tensor)
        recorder.touch(source)
        recorder.idle = True
        try:
            copied: torch.Tensor = _TENSOR.__deepcopy__(tensor, memo)  # type: ignore[no-untyped-call]
        finally:
            recorder.idle = False
        if recorder.storage_number(copied) < 0 and copied.untyped_storage().nbytes():
            recorder.add_done(torch.ops.aten.clone.default, (source,), {}, _whole(copied), sys._getframe(2), True)
        return copied

    def _gradients(self, frame: FrameType) -> CaptureError:
        stack, line = self._recorder.sites.number(frame)
        return CaptureError(
            "gradients are asked for inside a capture session, where results keep no record of how they were made",
            where=self._recorder.sites.describe(stack, line),
            expected="a step without training",
            fix="train before or after the session; torch.func.grad and torch.func.jacrev work inside",
            code="C018",
        )

    def _pack(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], out: torch.Tensor) -> None:
        data = args[1] if func is _TENSOR.new_tensor else args[0] if args else kwargs.get("data")
        if isinstance(data, _TENSOR) or self._numpy.shares(data, out):
            return
        elements = self._numpy.tensors(list(_flatten([data])))
        if any(isinstance(e, _TENSOR) for e in elements):
            self._recorder.add_pack(elements, out, sys._getframe(2))


def _whole(tensor: torch.Tensor) -> torch.Tensor:
    """Return a flat tensor over all memory that a tensor lies in."""
    with unrecorded():
        storage = tensor.untyped_storage()
        size = storage.nbytes() // tensor.dtype.itemsize
        whole: torch.Tensor = tensor.detach().as_strided((size,), (1,), 0)
        return whole


def _transforms() -> object:
    """Return the innermost transform of ``torch.func`` that is at work, if any."""
    found: object = torch._C._functorch.peek_interpreter_stack()
    return found


def _flatten(data: Any) -> Any:
    for item in data:
        if isinstance(item, (list, tuple)):
            yield from _flatten(item)
        else:
            yield item
