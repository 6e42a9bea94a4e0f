"""Run chatty exporters without noise on the console; what they say becomes notes, what they raise stays raised."""

from __future__ import annotations

import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FAMILIES = ("torch", "onnxscript", "onnx_ir")

# Messages about how the exporters are built, which no user can act on.
_HARMLESS = re.compile(
    "|".join(
        (
            "torchvision is not installed",
            "legacy TorchScript-based ONNX export",
            "[Tt]orch[Ss]cript.*deprecated|torch\\.jit\\..* is (deprecated|not supported)",
            "Setting ONNX exporter to use operator set version",
            "The tensor attributes? .* (was|were) assigned during export",
            "Skipped deduplication of initializer",
            # torch.jit.trace on literal sizes of a program whose sizes are fixed on purpose
            "Converting a tensor to a Python|Using len to get tensor shape",
            "Symbol \\w+ did not appear in the graph",
            "Constant folding - Only steps=1",
            "Exporting a model to ONNX with a batch_size other than 1",
            # where a call comes from, which a bundle does not hold anyway
            "nn_module_stack not found|Skip adding metadata",
        )
    )
)
_FOR_AUTHORS = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)
"""Said to who calls PyTorch's functions, which is LEAPP and not its user."""


class _Collector(logging.Handler):
    def __init__(self, into: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._into = into

    def emit(self, record: logging.LogRecord) -> None:
        self._into.append(record.getMessage())


@contextmanager
def quiet() -> Iterator[list[str]]:
    """Collect warnings and log records of PyTorch and ONNX instead of printing them.

    Yields:
        A list that is filled with distinct one-line messages when the block ends.
    """
    notes: list[str] = []
    heard: list[str] = []
    handler = _Collector(heard)
    loggers = list(_speaking_loggers())
    before = [(logger.propagate, logger.handlers[:]) for logger in loggers]
    for logger in loggers:
        logger.handlers[:] = [handler]
        logger.propagate = False
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield notes
    finally:
        for logger, (propagate, handlers) in zip(loggers, before, strict=True):
            logger.propagate = propagate
            logger.handlers[:] = handlers
    heard += [str(warning.message) for warning in caught if not issubclass(warning.category, _FOR_AUTHORS)]
    notes += dict.fromkeys(_one_line(text) for text in heard if not _HARMLESS.search(text))


@contextmanager
def silent_stdout() -> Iterator[None]:
    """Drop what C++ code writes to standard output: the TorchScript exporter prints its whole graph before it fails."""
    sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:  # there is no standard output to protect
        yield
        return
    try:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _speaking_loggers() -> Iterator[logging.Logger]:
    """Yield the loggers of these packages that print: their roots, and those that PyTorch gave a handler."""
    yield from (logging.getLogger(family) for family in _FAMILIES)
    for name, logger in tuple(logging.Logger.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and logger.handlers and name.split(".")[0] in _FAMILIES and "." in name:
            yield logger


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 300 else f"{line[:297]}..."
