"""`load_outside.py LIST`: tests which classes plain Python can import from their original modules.

LIST is JSON: {"wanted": [[name, folder for sys.path, dotted module]], "roots": [folder]}. The roots are last on
sys.path, because a clone's root may contain an `__init__.py` although its modules import each other from that root.
Prints JSON: {name: the error of the class, or null}.
"""

import contextlib
import importlib
import io
import json
import os
import sys
import warnings
from pathlib import Path


def error_of(name: str, folder: str, module: str) -> str | None:
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return None if isinstance(getattr(importlib.import_module(module), name), type) else "no class"
    except BaseException as error:  # a module may raise anything, even SystemExit
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    request = json.loads(Path(sys.argv[1]).read_text())
    sys.path += request["roots"]
    print(json.dumps({name: error_of(name, folder, module) for name, folder, module in request["wanted"]}))
    sys.stdout.flush()
    os._exit(0)  # drivers leave threads behind
