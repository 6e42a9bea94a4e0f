"""Runtimes and tools outside this project that read bundles: what each takes, one rule per fact."""
