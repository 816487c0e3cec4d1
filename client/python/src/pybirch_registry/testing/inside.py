"""The first program in the namespaces of a test: `python -I -S inside.py PLAN COMMAND…`. It is root there, and nowhere
else. It hides what a test must not see, gives up all rights, and becomes the command.

The order matters. What is mounted before the second user namespace is made cannot be unmounted in it
(mount_namespaces(7), "Restrictions on mount namespaces"). Imports only the standard library, so that it starts quickly.
"""

import contextlib
import ctypes
import functools
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC = 1, 2, 4, 32, 4096, 16384
CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE = 442, -100, 0x8000  # the number of the call is the same on every processor
PR_SET_NO_NEW_PRIVS = 38
HIDDEN = ("/dev", "/home", "/root", "/tmp", "/var/tmp", "/run", "/mnt", "/media", "/srv")
"""Devices, homes, other people's files, sockets of services, and disks."""
DEVICES = ("null", "zero", "full", "random", "urandom")
ROOM = "size=64m,nr_inodes=4096,mode=700"
"""What a test may write, in memory."""
NO_ROOM = "size=1m,nr_inodes=1024,mode=755"
MOST_PROCESSES = 256
"""Processes and threads. The limit does not apply to root of the whole computer."""


@functools.cache
def libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


class MountAttributes(ctypes.Structure):
    """`struct mount_attr` of mount_setattr(2)."""

    _fields_ = tuple((name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "namespace"))


def check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        sys.exit(f"{what}: {os.strerror(number)}")


def mount(source: str, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    texts = [None if text is None else os.fsencode(text) for text in (source, target, kind, options)]
    check(libc().mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3]), f"mount {target}")


def hide(folder: str, options: str = NO_ROOM) -> None:
    mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, options)


def close(folder: str) -> None:
    """Makes a folder that `hide` covered read-only."""
    mount("none", folder, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)


def bind(file: int, target: str) -> None:
    mount(f"/proc/self/fd/{file}", target, None, MS_BIND | MS_REC)


def is_here(path: str, file: int) -> bool:
    """Whether an open file or folder can still be found at its path."""
    try:
        return os.path.samestat(Path(path).stat(), os.fstat(file))
    except OSError:
        return False


def opened(paths: list[str]) -> Iterator[tuple[str, int]]:
    flags: int = getattr(os, "O_PATH", 0) | getattr(os, "O_CLOEXEC", 0)  # Windows has neither
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            yield path, os.open(path, flags)


def set_up(hide_also: list[str], home: str, keep: list[str]) -> None:
    """Makes everything read-only, and hides what a test must not see."""
    Path("/proc/self/oom_score_adj").write_text("1000")  # when memory runs out, the kernel ends a test first
    kept = dict(opened(sorted(keep)))
    devices = dict(opened([f"/dev/{name}" for name in DEVICES]))
    read_only = MountAttributes(set=MS_RDONLY)
    size = ctypes.c_size_t(ctypes.sizeof(read_only))
    flags = ctypes.c_uint(AT_RECURSIVE)
    check(libc().syscall(MOUNT_SETATTR, AT_FDCWD, b"/", flags, ctypes.byref(read_only), size), "mount_setattr")
    hidden = [folder for folder in HIDDEN if Path(folder).is_dir() and not Path(folder).is_symlink()]
    for folder in hidden:
        hide(folder)
    for path, file in devices.items():
        Path(path).touch()
        bind(file, path)
    Path("/dev/shm").mkdir()
    for folder in hide_also:
        if Path(folder).is_dir():
            hide(folder)
            hidden.append(folder)
    for path, file in kept.items():
        if not is_here(path, file):
            Path(path).mkdir(parents=True, exist_ok=True)
            bind(file, path)
    for folder in hidden:
        close(folder)
    hide("/dev/shm", ROOM)
    hide(home, ROOM)
    hide("/proc")
    close("/proc")


def give_up_rights() -> None:
    """Enters a second user namespace, in which this process has no user. So it can neither unmount anything nor make
    further namespaces (user_namespaces(7)).
    """
    check(libc().unshare(CLONE_NEWUSER | CLONE_NEWNS), "unshare")
    check(libc().prctl(PR_SET_NO_NEW_PRIVS, *map(ctypes.c_ulong, (1, 0, 0, 0))), "prctl")
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_NPROC, (MOST_PROCESSES, MOST_PROCESSES))


def main() -> None:
    plan, command = json.loads(sys.argv[1]), sys.argv[2:]
    set_up(plan["hide"], plan["home"], plan["keep"])
    os.chdir(plan["home"])
    give_up_rights()
    os.execve(command[0], command, {**os.environ, "TMPDIR": plan["home"]})


if __name__ == "__main__":
    main()
