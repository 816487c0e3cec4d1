"""Runs a command in its own terminal and copies the command's output to standard output. Passes SIGTERM on."""

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
    except OSError:  # Linux raises EIO when the last writer has closed the terminal.
        break
    if not written:
        break
    os.write(sys.stdout.fileno(), written)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
