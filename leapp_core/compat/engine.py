"""The one capture session behind an activated ``leapp`` module."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leapp_core.errors import UsageError
from leapp_core.spec.pipeline import GraphConfigs

if TYPE_CHECKING:
    from leapp_core.export.report import ExportReport
    from leapp_core.tracing.session import CaptureSession


class Engine:
    """Holds the current session of one activation."""

    def __init__(self) -> None:
        self._session: CaptureSession | None = None
        self._dry_run = False

    @property
    def recording(self) -> CaptureSession | None:
        """The session while it records."""
        return self._session if self._session is not None and self._session.recording else None

    @contextmanager
    def lent_to(self, session: Any) -> Iterator[None]:
        """Send annotations to another session within the block.

        Args:
            session: Has ``recording`` and the methods of a capture session.
        """
        before, self._session = self._session, session
        try:
            yield
        finally:
            self._session = before

    def start(
        self,
        name: str,
        save_path: str | Path = ".",
        verbose: bool = False,
        dry_run: bool = False,
        non_traced: Iterable[Any] | None = None,
        max_cached_io: int = 5,
        global_patching: bool = True,
    ) -> None:
        """Start recording.

        Args:
            name: Graph name.
            save_path: Folder for the bundle folder.
            verbose: No effect; the bundle's log is always complete.
            dry_run: Record and compile, write nothing.
            non_traced: No effect: nothing is patched, so nothing has to be exempted.
            max_cached_io: Steps to record.
            global_patching: No effect: nothing is patched.

        Raises:
            UsageError: a session records already.
        """
        del verbose, non_traced, global_patching
        if self.recording is not None:
            raise UsageError("a capture session is active already", fix="call leapp.stop() first", code="D003")
        from leapp_core.tracing.session import CaptureSession

        self._session, self._dry_run = CaptureSession(name, save_path=save_path, max_cached_io=max_cached_io), dry_run
        self._session.start()

    def stop(self) -> None:
        """Stop recording; also right after an exception, and when nothing records."""
        if self._session is not None:
            self._session.stop()

    def compile_graph(
        self,
        visualize: bool = True,
        verbose: bool | None = None,
        validate: bool = True,
        rtol: float = 1e-3,
        atol: float = 1e-5,
        strict: bool = True,
        graph_configs: GraphConfigs | None = None,
    ) -> dict[str, bool]:
        """Find the programs, write the bundle, check it.

        Args:
            visualize: Draw the picture.
            verbose: No effect.
            validate: Compare the artifacts with what was recorded.
            rtol: Relative tolerance of that comparison.
            atol: Absolute tolerance.
            strict: A bundle that fails validation is not put in place, and the failure is raised.
            graph_configs: Frequency and further settings of the pipeline.

        Returns:
            Whether each node passed validation.

        Raises:
            LeappError: nothing was recorded, or it cannot be exported exactly.
        """
        del verbose
        if self._session is None:
            raise UsageError(
                "there is nothing to compile", fix="call leapp.start(...), run some steps, leapp.stop()", code="D003"
            )
        if self._dry_run:
            return dict.fromkeys(self._session.compile().programs, True)
        from leapp_core.compare import same_tolerance
        from leapp_core.export.validate import ValidationSettings

        configs = graph_configs or GraphConfigs()
        with _torchscript():
            report = self._session.export(
                visualize=visualize,
                validate=validate,
                strict=strict,
                validation=ValidationSettings(tolerances=same_tolerance(atol, rtol)),
                configs=GraphConfigs(configs.frequency, dict(configs.extra or {})),
            )
        _flag(report)
        return dict(report.passed)


def _flag(report: ExportReport) -> None:
    """Log constants that may be readings, which nothing else shows to those whose program called us."""
    for constant in report.constants:
        if constant.warning:
            logging.getLogger(__name__).warning(
                "node %s, constant %s from %s: %s", constant.node, constant.name, constant.where, constant.warning
            )


def static_form(given: Any) -> Any:
    """Return static outputs as a session takes them: ``None`` if there are none."""
    return given if isinstance(given, Mapping) or given else None


@contextmanager
def _torchscript() -> Iterator[None]:
    """Let backends use TorchScript where the program around has switched it off, as Isaac Lab's exporters do."""
    import torch

    state = torch.jit._state
    enabled = state._enabled.enabled
    state.enable()
    try:
        yield
    finally:
        if not enabled:
            state.disable()
