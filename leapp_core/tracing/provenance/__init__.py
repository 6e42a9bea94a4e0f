"""Follows Python's own numbers while a session is open: user functions run as copies that tell what they compute."""
