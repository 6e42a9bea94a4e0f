"""From a captured pipeline to a validated bundle on disk."""
