"""A LEAPP backend that packs programs."""
