"""CPython's modules that are written in C. A twin of a banned module does the same as the banned module.

The guard knows only the modules in these lists. A test compares the lists with every C module of the Python that runs
it, and with the C modules of Windows.
"""

TWINS: dict[str, tuple[str, ...]] = {
    "os": ("posix", "nt"),
    "open": (
        *("dbm.gnu", "_gdbm", "dbm.ndbm", "_dbm", "readline", "ossaudiodev", "spwd"),
        *("_msi", "msilib", "winsound"),
    ),
    "subprocess": (
        *("_posixsubprocess", "_winapi", "tkinter", "_tkinter", "concurrent.interpreters"),
        *("_interpreters", "_interpchannels", "_interpqueues", "_xxsubinterpreters", "_xxinterpchannels"),
    ),
    "socket": ("_socket", "_overlapped", "nis"),
    "ctypes": (
        *("_ctypes", "cffi", "_cffi_backend", "_ctypes_test", "_testcapi", "_testinternalcapi", "_testlimitedcapi"),
        *("_testclinic", "_testclinic_limited", "_testexternalinspection", "_remote_debugging", "_xxtestfuzz"),
        *("_openssl", "cryptography.hazmat.bindings"),
        *("_testbuffer", "_testmultiphase", "_testsinglephase", "_testimportmultiple"),
    ),
    "importlib": ("_frozen_importlib", "_frozen_importlib_external", "_imp", "imp"),
    "multiprocessing": ("_multiprocessing", "_posixshmem"),
}
"""For each banned name, the other modules that are banned with it: submodules, and modules with the same functions but
without audit events.
"""

SILENT = frozenset(
    ["ctypes", *TWINS["ctypes"], *TWINS["multiprocessing"], *TWINS["open"], *TWINS["subprocess"], "_overlapped", "nis"]
) - {"_winapi", "winsound", "msilib"}
"""Modules with functions that raise no audit event."""

HARMLESS = frozenset(
    [
        "_abc",
        "_ast",
        "_asyncio",
        "_bisect",
        "_blake2",
        "_bz2",
        "_codecs",
        "_codecs_cn",
        "_codecs_hk",
        "_codecs_iso2022",
        "_codecs_jp",
        "_codecs_kr",
        "_codecs_tw",
        "_collections",
        "_contextvars",
        "_crypt",
        "_csv",
        "_curses",
        "_curses_panel",
        "_datetime",
        "_decimal",
        "_elementtree",
        "_functools",
        "_hashlib",
        "_heapq",
        "_hmac",
        "_json",
        "_locale",
        "_lsprof",
        "_lzma",
        "_math_integer",
        "_md5",
        "_multibytecodec",
        "_opcode",
        "_operator",
        "_pickle",
        "_queue",
        "_random",
        "_scproxy",
        "_sha1",
        "_sha2",
        "_sha256",
        "_sha3",
        "_sha512",
        "_sre",
        "_stat",
        "_statistics",
        "_string",
        "_struct",
        "_suggestions",
        "_symtable",
        "_sysconfig",
        "_tokenize",
        "_tracemalloc",
        "_types",
        "_typing",
        "_uuid",
        "_warnings",
        "_weakref",
        "_zoneinfo",
        "_zstd",
        "array",
        "atexit",
        "audioop",
        "binascii",
        "builtins",
        "cmath",
        "errno",
        "faulthandler",
        "gc",
        "grp",
        "itertools",
        "math",
        "pwd",
        "pyexpat",
        "select",
        "sys",
        "time",
        "unicodedata",
        "xxlimited",
        "xxlimited_35",
        "xxlimited_3_13",
        "xxsubtype",
        "zlib",
        "_xxlimited",
    ]
)
"""Modules that can access only the program's memory, and names that are not secret."""

JUDGED = frozenset(
    [
        "_io",
        "_signal",
        "_sqlite3",
        "_ssl",
        "_thread",
        "_wmi",
        "fcntl",
        "marshal",
        "mmap",
        "msvcrt",
        "resource",
        "syslog",
        "termios",
        "winreg",
    ]
)
"""Modules that raise an audit event whenever they access something outside the program's memory."""

WINDOWS = frozenset(["_msi", "_overlapped", "_winapi", "_wmi", "msvcrt", "nt", "winreg", "winsound"])
"""The modules that CPython has only on Windows (PC/config.c and PCbuild)."""
