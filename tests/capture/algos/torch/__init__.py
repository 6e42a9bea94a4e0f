"""A user's own code in a folder called torch."""
