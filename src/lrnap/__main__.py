"""`python -m lrnap` is the `lrnap` command."""

from __future__ import annotations

from lrnap.cli.main import main

if __name__ == "__main__":
    main()
