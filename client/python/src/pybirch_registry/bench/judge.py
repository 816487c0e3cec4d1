"""Runs all tests of one definition: `python -m pybirch_registry.bench.judge`. It gets a line with the job on standard
input. Each line of its standard output is an item as JSON, and the last one is `{"ended": true}`.

This process plays the instrument and compares the traffic. It reads recordings and simulators that nobody has reviewed,
so it has limits, too, and no token. It runs no code of the definition: that runs apart from this computer.
"""

import json
import os
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from ..guard import Policy
from ..testing.child import limit
from ..testing.isolation import Isolation
from ..testing.process import Limits
from ..testing.running import run_tests
from ..testing.subjects import Subject


def end_with_parent() -> None:
    """Ends this process when the parent closes standard input, for example because it was killed."""
    sys.stdin.buffer.read()
    os._exit(1)


def main() -> None:
    job: dict[str, Any] = json.loads(sys.stdin.buffer.readline())
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    threading.Thread(target=end_with_parent, daemon=True).start()
    tempfile.tempdir = job["scratch"]
    limits = Limits(**job["limits"], isolation=Isolation(Path(job["data"])))
    limit(limits.memory, job["processor_seconds"])
    policy = Policy(frozenset(job["banned"]), frozenset(job["allowed"]))
    subject = Subject(Path(job["folder"]), job["name"], job["version"], policy)
    for item in run_tests(subject, limits):
        answers.write(json.dumps(item.as_dict()).encode() + b"\n")
        answers.flush()
    answers.write(b'{"ended": true}\n')
    answers.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
