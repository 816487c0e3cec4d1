"""Arguments, exit codes, and which command does what.

Exit codes: 0 done, 1 an error, 2 wrong arguments, 3 not enrolled, 4 the registry cannot be reached, 5 a version or a
bundle was refused, 6 the folder on this computer cannot be used.
"""

import argparse
import io
import logging
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import FolderError, RegistryError
from ..files import reason_of
from ..home import Home
from . import commands
from .output import Output, show

INSTRUMENT = "its number, its name, or a definition's name"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a Windows console may have no Ω; that is no reason to fail
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments, argparse.Namespace(json=False, home=None, verbose=False))
    logging.basicConfig(level=logging.INFO if options.verbose else logging.ERROR, format="%(message)s")
    logging.getLogger("pybirch_registry.waiting").setLevel(logging.WARNING)
    output = Output(as_json=options.json)
    try:
        return int(options.run(Home(options.home), options, output))
    except RegistryError as error:
        output.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1
    except OSError as error:
        output.error(FolderError(f"{error.filename or 'A file'}: {reason_of(error)}"))
        return FolderError.exit_code
    except Exception:  # a fault of this program: what it says may hold text of others
        show(traceback.format_exc(), sys.stderr, keep="\n")
        return RegistryError.exit_code


class _Parser(argparse.ArgumentParser):
    """Help and complaints, which repeat the arguments, go out as everything else does."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.color = False  # Python 3.14 would colour the help with escape sequences

    def _print_message(self, message: str, file: Any = None) -> None:
        show(message, file or sys.stderr, keep="\n", end="")


def _text(given: str) -> str:
    """Raises `ArgumentTypeError` for letters that Python could not read, as where `LC_ALL` is `C`."""
    try:
        given.encode()
    except UnicodeEncodeError as error:
        coding = sys.getfilesystemencoding()
        reason = f"{given!r} has letters that cannot be read as {coding}: set LC_ALL=C.UTF-8, or PYTHONUTF8=1"
        raise argparse.ArgumentTypeError(reason) from error
    return given


def _parser() -> argparse.ArgumentParser:
    common = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--json", action="store_true", help="print one JSON value (watch: one a line)")
    common.add_argument("--home", type=Path, help="the data folder (default: PYBIRCH_REGISTRY_HOME, or the platform's)")
    common.add_argument("--verbose", action="store_true", help="tell what goes on")
    parser = _Parser(
        parents=[common],
        prog="pybirch-registry",
        description="Approved PyBirch instrument definitions on this computer.",
        epilog="Exit codes: 0 done, 1 error, 2 wrong arguments, 3 not enrolled, 4 registry unreachable, "
        "5 a version or a bundle was refused, 6 the folder cannot be used.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, text: str, run: object, *others: str) -> argparse.ArgumentParser:
        found = subparsers.add_parser(name, help=text, description=text, parents=[common], aliases=others)
        found.set_defaults(run=run)
        return found

    enrol = command("enrol", "Trade a code of a lab admin for this computer's own access.", commands.enrol, "enroll")
    enrol.add_argument("url", metavar="URL", help="the registry's address, https://…")
    enrol.add_argument("code", metavar="CODE")
    enrol.add_argument("--name", help="what this computer is called (default: its host name)")
    sync = command("sync", "Bring what is new, send what waits.", commands.sync)
    sync.add_argument("names", metavar="NAME", nargs="*", help="public or built-in definitions to bring from now on")
    command("status", "Who this computer is and what stands here.", commands.status)
    listing = command("list", "The definitions on this computer.", commands.list_definitions)
    listing.add_argument("--available", action="store_true", help="those that could be asked for, here or not")
    search = command("search", "Look for definitions that could be asked for.", commands.search)
    search.add_argument("words", metavar="WORD", nargs="+", help="of a name, a maker, a category or a description")
    show = command("show", "One definition, with its versions.", commands.show)
    show.add_argument("name", metavar="NAME")
    pin = command("pin", "Stay at a version on this computer.", commands.pin)
    pin.add_argument("name", metavar="NAME[@VERSION]")
    unpin = command("unpin", "Follow the newest version again.", commands.unpin)
    unpin.add_argument("name", metavar="NAME")
    bind = command("bind", "Tell at which address of this computer an instrument is.", commands.bind)
    bind.add_argument(
        "instrument", type=_text, metavar="INSTRUMENT", help="its number, its name, or a definition's name"
    )
    bind.add_argument("adapter", type=_text, metavar="ADAPTER", help="a VISA address, such as GPIB::8::INSTR")
    bind.add_argument(
        "--as", dest="called", type=_text, metavar="NAME", help="one more instrument of a definition, by this name"
    )
    unbind = command("unbind", "Forget where an instrument is on this computer.", commands.unbind)
    unbind.add_argument(
        "instrument", type=_text, metavar="INSTRUMENT", help="its number, its name, or a definition's name"
    )
    command("watch", "Sync within a second of every landing, until Ctrl+C.", commands.watch)
    use = command("use-pybirch", "Tell this Python where PyBirch's folder lies.", commands.use_pybirch)
    use.add_argument("folder", metavar="FOLDER", type=Path, help="that of PyBirch's clone")
    export = command("export", "Write definitions as files that anybody can edit.", commands.export)
    export.add_argument("names", metavar="NAME", nargs="+")
    export.add_argument("--to", metavar="FOLDER", type=Path, required=True)
    export.add_argument("--force", action="store_true", help="replace files that are there with other content")
    bundle = command("import-bundle", "Take definitions from a file, without the network.", commands.import_bundle)
    bundle.add_argument("file", metavar="FILE", type=Path)
    bundle.add_argument("--trust", metavar="SHA256:…", action="append", default=[], help="believe this key of it")
    command("doctor", "Look for what is wrong.", commands.doctor)
    return parser
