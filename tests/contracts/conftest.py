"""Every backend keeps every promise in the quick tier; one of ONNX and one of TorchScript compute every case there."""

from __future__ import annotations

import pytest

COMPUTE_QUICKLY = ("TestOnnxDynamo", "TestJitTrace")
OF_A_CASE = ("test_case", "test_dynamic_batch")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Leave the cases of the other backends to the slow tests."""
    suite = item.getparent(pytest.Class)
    if suite is not None and suite.name not in COMPUTE_QUICKLY and item.name.startswith(OF_A_CASE):
        item.add_marker(pytest.mark.slow)
