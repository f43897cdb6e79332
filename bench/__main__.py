"""``python -m bench NAME [FLAGS]``: runs a bench; without a name it lists them."""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path


def benches() -> dict[str, str]:
    """Return the name and the first line of each module here that has a `main`; none is imported for it."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("*.py")):
        module = ast.parse(path.read_text("utf-8"))
        names = {item.name for item in module.body if isinstance(item, ast.FunctionDef)}
        if "main" in names and path.stem != "__main__":
            found[path.stem] = (ast.get_docstring(module) or "").partition("\n")[0]
    return found


def main() -> int:
    """Run the bench that the first argument names."""
    known = benches()
    if len(sys.argv) < 2 or sys.argv[1] not in known:
        width = max(map(len, known))
        print("usage: script/bench NAME [FLAGS]\n")
        print("\n".join(f"  {name:{width}}  {line}" for name, line in known.items()))
        return 0 if sys.argv[1:] in ([], ["-h"], ["--help"]) else 2
    status: int = importlib.import_module(f"bench.{sys.argv[1]}").main(sys.argv[2:])
    return status


if __name__ == "__main__":
    sys.exit(main())
