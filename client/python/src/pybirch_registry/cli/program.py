"""Parses the arguments, runs the command and returns the exit code.

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
from . import bench, commands, definitions, instruments, testing
from .output import Output, show

INSTRUMENT = "its number, its name, or a definition's name"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a letter that a Windows console cannot show must not end the program
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
    except Exception:  # an error in this package; its text may contain text from other people
        show(traceback.format_exc(), sys.stderr, keep="\n")
        return RegistryError.exit_code


class _Parser(argparse.ArgumentParser):
    """Prints help and errors through `show`. Error messages repeat the arguments, which may contain control
    characters.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.color = False  # Python 3.14 would colour the help with escape sequences

    def _print_message(self, message: str, file: Any = None) -> None:
        show(message, file or sys.stderr, keep="\n", end="")


def _positive(given: str) -> int:
    """Reads a number of at least 1. Raises `ArgumentTypeError`."""
    if not given.isdecimal() or int(given) < 1:
        raise argparse.ArgumentTypeError(f"{given!r} is not a number of at least 1")
    return int(given)


def _text(given: str) -> str:
    """Checks that Python could decode an argument. Raises `ArgumentTypeError` for letters that it could not
    decode, for example under `LC_ALL=C`.
    """
    try:
        given.encode()
    except UnicodeEncodeError as error:
        coding = sys.getfilesystemencoding()
        reason = f"{given!r} has letters that cannot be read as {coding}: set LC_ALL=C.UTF-8, or PYTHONUTF8=1"
        raise argparse.ArgumentTypeError(reason) from error
    return given


def _parser() -> argparse.ArgumentParser:
    common = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--json", action="store_true", help="print one JSON value (watch, bench: one per line)")
    common.add_argument("--home", type=Path, help="the data folder (default: PYBIRCH_REGISTRY_HOME, or the platform's)")
    common.add_argument("--verbose", action="store_true", help="print what the command does")
    parser = _Parser(
        parents=[common],
        prog="pybirch-registry",
        description="Manage approved PyBirch instrument definitions on this computer.",
        epilog="Exit codes: 0 done, 1 error, 2 wrong arguments, 3 not enrolled, 4 registry unreachable, "
        "5 a version or a bundle was refused, 6 the folder cannot be used.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, text: str, run: object, *others: str) -> argparse.ArgumentParser:
        found = subparsers.add_parser(name, help=text, description=text, parents=[common], aliases=others)
        found.set_defaults(run=run)
        return found

    enrol = command("enrol", "Enrol this computer with a one-time code from a lab admin.", commands.enrol, "enroll")
    enrol.add_argument("url", metavar="URL", help="the registry's address, https://…")
    enrol.add_argument("code", metavar="CODE", help="the enrolment code from the lab admin")
    enrol.add_argument("--name", help="this computer's name in the registry (default: its host name)")
    sync = command("sync", "Install new versions and send waiting settings and bindings.", commands.sync)
    sync.add_argument("names", metavar="NAME", nargs="*", help="a public or built-in definition to follow from now on")
    command("status", "Show this computer, its registry and its instruments.", commands.status)
    listing = command("list", "List the definitions on this computer.", definitions.list_definitions)
    listing.add_argument("--available", action="store_true", help="list all definitions that you can install")
    search = command("search", "Search the definitions that you can install.", definitions.search)
    search.add_argument(
        "words", metavar="WORD", nargs="+", help="part of a name, manufacturer, category or description"
    )
    show = command("show", "Show one definition and its versions.", definitions.show)
    show.add_argument("name", metavar="NAME", help="the definition's name")
    pin = command("pin", "Pin a definition to a version on this computer.", definitions.pin)
    pin.add_argument("name", metavar="NAME[@VERSION]", help="for instance SR830@3; by default, the installed version")
    unpin = command("unpin", "Follow the newest version again.", definitions.unpin)
    unpin.add_argument("name", metavar="NAME", help="the definition's name")
    bind = command("bind", "Remember an instrument's address on this computer.", instruments.bind)
    bind.add_argument("instrument", type=_text, metavar="INSTRUMENT", help=INSTRUMENT)
    bind.add_argument("adapter", type=_text, metavar="ADAPTER", help="a VISA address, such as GPIB::8::INSTR")
    bind.add_argument(
        "--as", dest="called", type=_text, metavar="NAME", help="add another instrument of a definition, with this name"
    )
    unbind = command("unbind", "Forget an instrument's address on this computer.", instruments.unbind)
    unbind.add_argument("instrument", type=_text, metavar="INSTRUMENT", help=INSTRUMENT)
    command("watch", "Sync within a second of every landing, until Ctrl+C.", commands.watch)
    use = command("use-pybirch", "Make PyBirch importable in this Python.", commands.use_pybirch)
    use.add_argument("folder", metavar="FOLDER", type=Path, help="the folder of PyBirch's clone")
    export = command("export", "Write definitions as files that you can edit.", definitions.export)
    export.add_argument("names", metavar="NAME", nargs="+", help="the definitions' names")
    export.add_argument("--to", metavar="FOLDER", type=Path, required=True, help="where to write them")
    export.add_argument("--force", action="store_true", help="replace existing files that have other content")
    bundle = command("import-bundle", "Import definitions from a file, without the network.", commands.import_bundle)
    bundle.add_argument("file", metavar="FILE", type=Path, help="the bundle that `registry export --bundle` wrote")
    bundle.add_argument("--trust", metavar="SHA256:…", action="append", default=[], help="trust this key of the bundle")
    test = command("test", "Test definitions without hardware: recordings, simulators and pytest files.", testing.test)
    test.add_argument(
        "targets",
        metavar="NAME[@VERSION]|FOLDER",
        nargs="*",
        help="definitions, or folders with one each, such as ./SR830 (default: all definitions on this computer)",
    )
    test.add_argument("--junit", metavar="FILE", type=Path, help="also write the results as JUnit's XML")
    simulate = command("simulate", "Measure with a definition's simulator instead of hardware.", testing.simulate)
    simulate.add_argument("target", metavar="NAME", help="NAME, NAME@V, or a folder with a definition")
    simulate.add_argument("--rows", metavar="N", type=_positive, help="measure until there are N rows; by default once")
    record = command("record", "Record a session with a real instrument, or convert tests and logs.", testing.record)
    record.add_argument("name", metavar="NAME", help="the definition's name")
    record.add_argument("--adapter", type=_text, required=True, help="the instrument's address, such as GPIB::8::INSTR")
    record.add_argument(
        "--to", metavar="FILE", type=Path, required=True, help="where to write it: tests/NAME.jsonl (--from: a folder)"
    )
    record.add_argument(
        "--from",
        dest="source",
        metavar="FILE",
        type=Path,
        help="convert instead of recording: a test file with expected_protocol of pymeasure or InstrumentKit, a log of "
        "pytest-reserial (.jsonl), or a log with WRITE: and READ:",
    )
    record.add_argument(
        "--calls", metavar="A,B", help="the methods to call and properties to read (default: connect to shutdown)"
    )
    benches = command("bench", "Test what the lab proposes, on a bench computer, until Ctrl+C.", bench.bench)
    benches.add_argument("--once", action="store_true", help="test what is to be tested now, and end")
    command("doctor", "Check this computer, and say what to repair.", commands.doctor)
    return parser
