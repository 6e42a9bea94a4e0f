"""``python -m leapp_core``: the command line where its script is not on the path."""

from __future__ import annotations

from leapp_core.cli.main import main

if __name__ == "__main__":
    main()
