"""Random policy-style programs: views, in-place writes, buffers, masks, state over steps, several nodes."""
