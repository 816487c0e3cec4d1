"""Runs a command on a terminal of its own and copies what it writes to standard output. SIGTERM is passed on."""

import os
import pty
import signal
import sys

child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
while True:
    try:
        written = os.read(terminal, 65536)
    except OSError:  # Linux says EIO where the last writer has gone.
        break
    if not written:
        break
    os.write(sys.stdout.fileno(), written)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
