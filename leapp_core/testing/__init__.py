"""Conformance kit for plugin authors: run our checks against your exporter or runner.

With pytest, in your own test suite::

    from leapp_core.testing.contracts import ExporterContract

    class TestMine(ExporterContract):
        exporter = MyExporter()
        runner = MyRunner()

or from the command line: ``leapp backends test NAME``.
"""
