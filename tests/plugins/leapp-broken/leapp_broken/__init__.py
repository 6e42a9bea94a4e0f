"""A plugin that cannot be imported."""

raise RuntimeError("the acme licence server is down")
