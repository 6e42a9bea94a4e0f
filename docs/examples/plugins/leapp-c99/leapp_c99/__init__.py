"""A LEAPP backend that writes C99."""
