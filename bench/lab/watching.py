"""Watches the registry as a lab computer does. After loading the class of a new version, the program prints a line of
JSON (`at`: milliseconds since 1970).
"""

import json
import sys
import time

from pybirch_registry import Registry

registry = Registry.open()


def on_sync(report):
    version = registry.load(sys.argv[1])._definition["version"]
    print(json.dumps({"version": version, "at": time.time() * 1000}), flush=True)


registry.watch(on_sync)
