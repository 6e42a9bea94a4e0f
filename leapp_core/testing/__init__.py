"""Conformance kits for plugin authors: run our checks against your exporter, adapter, environment, consumer or pass.

With pytest, in your own test suite::

    from leapp_core.testing.contracts import ExporterContract

    class TestMine(ExporterContract):
        exporter = MyExporter()
        runner = MyRunner()

or from the command line: ``leapp backends test NAME``, and likewise ``adapters``, ``envs``, ``consumers``, ``passes``.
"""
