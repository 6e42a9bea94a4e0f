"""The conformance kit of LEAPP on this backend and its runner."""

from leapp_openvino.exporter import OpenVinoExporter
from leapp_openvino.runner import OpenVinoRunner

from leapp_core.testing.contracts import ExporterContract, RunnerContract


class TestExporter(ExporterContract):
    exporter = OpenVinoExporter()
    runner = OpenVinoRunner()


class TestRunner(RunnerContract):
    exporter = OpenVinoExporter()
    runner = OpenVinoRunner()
