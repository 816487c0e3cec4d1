"""A program on a lab computer that runs until the test ends it. The program does what PyBirch does, without windows.

Each line of standard input is JSON: a piece of Python that may set `result`. The program answers each with a line of
JSON, `{"result": …, "log": …}`, with `"error": "Kind: text"` if the Python raised an error. Variables stay from one
piece to the next.
"""

import io
import json
import logging
import sys
import traceback

from pybirch_registry import Registry

answers = sys.stdout
sys.stdout = sys.stderr  # the output of definitions must not mix with the answers
log = io.StringIO()
logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s", stream=log)
namespace = {"Registry": Registry, "registry": Registry.open()}
for line in sys.stdin:
    namespace["result"] = None
    try:
        exec(json.loads(line), namespace)
        answer = {"result": namespace["result"]}
    except Exception as error:
        traceback.print_exc()
        answer = {"error": f"{type(error).__name__}: {error}"}
    answer["log"] = log.getvalue()
    log.seek(0)
    log.truncate()
    print(json.dumps(answer, default=lambda value: value.tolist()), file=answers, flush=True)
