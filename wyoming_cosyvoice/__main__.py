"""``python -m wyoming_cosyvoice`` is the command line."""

from __future__ import annotations

import sys

from wyoming_cosyvoice import cli


def main() -> None:
    """Run the command line and exit with its status."""
    sys.exit(cli.main())


if __name__ == "__main__":
    main()
