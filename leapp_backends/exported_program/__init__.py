"""PyTorch's own ``.pt2`` format: exporter and runner."""
