"""`python -m tinyflow`."""

from __future__ import annotations

import sys

from tinyflow.cli import main

if __name__ == "__main__":
    sys.exit(main())
