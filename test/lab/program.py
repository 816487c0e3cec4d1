"""A program on a lab computer that runs for as long as the test likes: PyBirch, but for its windows.

Each line of standard input is JSON: a piece of Python that may set `result`. Each is answered by a line of JSON,
`{"result": …}` or `{"error": "Kind: text"}`. Names stay from one piece to the next.
"""

import json
import logging
import sys
import traceback

from pybirch_registry import Registry

answers = sys.stdout
sys.stdout = sys.stderr  # what a definition prints is no answer
logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
namespace = {"Registry": Registry, "registry": Registry.open()}
for line in sys.stdin:
    namespace["result"] = None
    try:
        exec(json.loads(line), namespace)
        answer = {"result": namespace["result"]}
    except Exception as error:
        traceback.print_exc()
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer, default=lambda value: value.tolist()), file=answers, flush=True)
