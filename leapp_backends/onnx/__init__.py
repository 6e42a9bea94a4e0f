"""ONNX: two exporters and the runner. The runner needs neither torch nor the ``onnx`` package."""
