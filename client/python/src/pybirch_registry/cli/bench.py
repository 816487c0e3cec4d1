"""The command of a bench computer. commands.py says how commands work."""

import signal
import sys
import threading
from argparse import Namespace
from math import ceil

from ..bench import Bench, follow
from ..errors import RegistryError
from ..home import Home
from ..registry import Registry
from .output import Output, show


def bench(home: Home, options: Namespace, output: Output) -> int:
    """Tests what is to be tested. Without `--once`, goes on until Ctrl+C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as a service manager stops it: end the running test
    registry = Registry.open(home.root)
    works = Bench(registry, lambda text: show(text, sys.stderr))

    def work() -> None:
        for result in works.work():
            value = {"tested": result.what, "state": result.state, "summary": result.summary}
            output.result(value, f"{result.state:<8} {result.what}: {result.summary}")

    def on_trouble(error: RegistryError, wait_s: float) -> None:
        show(f"{error}; trying again in {ceil(wait_s)} s", sys.stderr)

    if options.once:
        work()
    else:
        show(f"Testing for {registry.enrolment.url}; press Ctrl+C to stop", sys.stderr)
        follow(lambda: registry.http, work, on_trouble, threading.Event())
    return 0
