"""TorchScript: two exporters and the runner."""
