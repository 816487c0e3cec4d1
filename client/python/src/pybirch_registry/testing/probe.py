"""Tries what a test must not be able to do, and prints what worked: `python -I -S probe.py DATA HOST PORT PID FOLDER…`.
The last line is `tried`.
"""

import contextlib
import os
import socket
import sys
from pathlib import Path

CONNECT_S = 2.0


def try_all(data: str, host: str, port: str, process: str, *folders: str) -> None:
    for name in ("enrolment.json", "seal.json"):
        with contextlib.suppress(OSError):
            Path(data, name).read_bytes()
            print(f"read {Path(data, name)}")
    for folder in (data, *folders):
        with contextlib.suppress(OSError):
            own = Path(folder, f"probe-{os.getpid()}")
            own.touch()
            own.unlink()
            print(f"write to {folder}")
    with contextlib.suppress(OSError):
        socket.create_connection((host, int(port)), CONNECT_S).close()
        print(f"reach {host}:{port}")
    with contextlib.suppress(OSError):
        os.kill(int(process), 0)
        print(f"send signals to process {process}")


if __name__ == "__main__":
    try_all(*sys.argv[1:])
    print("tried")
