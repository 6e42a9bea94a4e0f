"""A node's program: built from a recording, cleaned, replayed."""
