"""What NumPy does to tensors' values, recorded as calls."""
