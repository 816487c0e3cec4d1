"""Attempts of a definition to get around the guard. Each body runs as a method, which returns what it could read. An
attempt may use `mark` (a path that it must not create), `secret` (a file that it must not read) and `port` (a port to
which it must not connect).

An attempt in REFUSED must end in an error of the guard and have no effect. An attempt in OPEN is not refused, and
GUARD.md says so.
"""

OS = "import sys; os = sys.modules['os']\n"
SHELL = "f'echo x > {mark}'"

REFUSED = {
    # Imports and built-ins
    "import os": "import os",
    "from os import": "from os import system",
    "import of a twin that does the same as os": "import posix",
    "__import__()": "__import__('subprocess')",
    "importlib": "import importlib",
    "builtin open": "return open(secret).read()",
    "builtin eval": "eval('1')",
    "builtin exec": "exec('x = 1')",
    "builtin compile": "compile('1', 'x', 'eval')",
    "builtins.open": "import builtins; return builtins.open(secret).read()",
    "builtins.eval": "import builtins; builtins.eval('1+1')",
    "builtins.exec of a string": "import builtins; builtins.exec('import os; os.system(' + repr(" + SHELL + ") + ')')",
    "import_module found in sys.modules": "import sys; sys.modules.pop('this', None); sys.modules['importlib'].import_module('this')",
    "relative import from outside the folder": "from .... import home",
    "import of this package": "import pybirch_registry",
    "antigravity": "import sys; sys.modules.pop('antigravity', None); import antigravity",
    # Files
    "io.open": "import io; io.open(mark, 'w')",
    "pathlib write": "from pathlib import Path; Path(mark).write_text('x')",
    "pathlib read": "from pathlib import Path; return Path(secret).read_text()",
    "path that leaves the folder with ..": "from pathlib import Path; return (Path(__file__).parent / '../../../../secret.txt').read_text()",
    "write into its own folder": "from pathlib import Path; Path(__file__).with_name('new.txt').write_text('x')",
    "codecs.open": "import codecs; codecs.open(mark, 'w')",
    "gzip.open": "import gzip; gzip.open(mark, 'w')",
    "zipfile": "import zipfile; zipfile.ZipFile(mark, 'w')",
    "tempfile": "import tempfile; tempfile.mkstemp()",
    "glob": "import glob; return glob.glob('/etc/*')",
    "sqlite3": "import sqlite3; sqlite3.connect(mark)",
    "shelve": "import shelve; shelve.open(mark)",
    "runpy": "import runpy; runpy.run_path(secret)",
    "linecache": "import linecache; return linecache.getline(secret, 1) or None",
    "fileinput": "import fileinput; return next(iter(fileinput.input([secret])))",
    "logging.FileHandler": "import logging; logging.FileHandler(mark)",
    "os.open": OS + "os.open(mark, os.O_CREAT | os.O_WRONLY)",
    "os.remove": OS + "os.remove(secret)",
    "os.rename": OS + "os.rename(secret, mark)",
    "os.mkdir": OS + "os.mkdir(mark)",
    "os.symlink": OS + "os.symlink(secret, mark)",
    "os.chmod": OS + "os.chmod(secret, 0)",
    "os.listdir": OS + "return os.listdir('/')",
    "open of a file descriptor": "import io; io.open(2, 'w', closefd=False)",
    "shutil found through tempfile": "import sys, tempfile; tempfile._shutil.rmtree(secret)",
    # numpy and pandas
    "numpy.save": "np.save(mark, np.zeros(1))",
    "numpy.loadtxt": "return np.loadtxt(secret, dtype=str)",
    "numpy.fromfile": "return np.fromfile(secret, dtype=np.uint8)",
    "ndarray.tofile": "np.zeros(1).tofile(mark)",
    "numpy.memmap": "np.memmap(mark, shape=(1,), mode='w+')",
    "numpy.load with pickle": "np.load(secret, allow_pickle=True)",
    "DataFrame.to_csv": "pd.DataFrame([1]).to_csv(mark)",
    "DataFrame.to_pickle": "pd.DataFrame([1]).to_pickle(mark)",
    "pandas.read_csv": "return pd.read_csv(secret)",
    "pandas.read_csv of an address": "pd.read_csv(f'http://127.0.0.1:{port}/')",
    "pandas.read_json": "return pd.read_json(secret)",
    # Processes
    "os.system": OS + "os.system(" + SHELL + ")",
    "subprocess found in sys.modules": "import sys; sys.modules['subprocess'].run(" + SHELL + ", shell=True)",
    "os through another module": "import logging; logging.os.system(" + SHELL + ")",
    "os.fork": OS + "os.fork()",
    "os.posix_spawn": OS + "os.posix_spawn('/bin/sh', ['sh', '-c', " + SHELL + "], {})",
    "os.execv": OS + "os.execv('/bin/true', ['true'])",
    "os.kill": OS + "os.kill(os.getpid(), 0)",
    "webbrowser": "import webbrowser; webbrowser.open('http://127.0.0.1')",
    "ProcessPoolExecutor": "from concurrent.futures import ProcessPoolExecutor as P; P(1).submit(print).result(5)",
    "pickle of os.system": "import pickle; pickle.loads(b'cposix\\nsystem\\n(V' + ("
    + SHELL
    + ").encode() + b'\\ntR.')",
    "the shell with which pyvisa searches for libraries": "import pyvisa.ctwrapper.cthelper as c; c.find_library(f'x; echo x > {mark};')",
    "the shell with which pyvisa examines Python": "import sys, pyvisa.ctwrapper.cthelper as c\nold = sys.executable; sys.executable = f'; echo x > {mark};'\ntry:\n    c.find_library('nothing_of_this_name')\nfinally:\n    sys.executable = old",
    "a known command line for another program": "import sys; sys.modules['subprocess'].run(['ldconfig', '-p'], executable='/bin/sh')",
    "a known command in another environment": "import sys; sys.modules['subprocess'].run(['uname', '-p'], env={'PATH': '/tmp'})",
    "a known command in another folder": "import sys; sys.modules['subprocess'].run(['uname', '-p'], cwd='/tmp')",
    "a program with a known name in another folder": "import sys; sys.modules['subprocess'].run([secret[: -len('secret.txt')] + 'uname', '-p'])",
    "words of a command line that claim to be others": "import sys\nclass Word(str):\n    __str__ = __repr__ = lambda self: '-p'\n    __eq__ = lambda self, other: True\n    __hash__ = str.__hash__\nsys.modules['subprocess'].run(['/sbin/ldconfig', Word('-C' + secret)])",
    "the compiler with another output file": "import sys; sys.modules['subprocess'].run(['gcc', '-Wl,-t', '-o', mark, '-lc'])",
    "find_library changed so that it writes a file": "import functools, io, sys, pyvisa.ctwrapper.cthelper\nu = sys.modules['ctypes.util']; old = u.find_library, u._findSoname_ldconfig\nu._findSoname_ldconfig = functools.partial(io.open, mark, 'w')\ntry:\n    u.find_library(-1)\nfinally:\n    u.find_library, u._findSoname_ldconfig = old",
    # Around the banned names
    "__subclasses__ to os": "w = [c for c in ().__class__.__base__.__subclasses__() if c.__name__ == '_wrap_close'][0]\nw.__init__.__globals__['system']("
    + SHELL
    + ")",
    "__subclasses__ to Popen": "import sys; p = [c for c in object.__subclasses__() if c.__name__ == 'Popen'][0]\np(['/bin/sh', '-c', "
    + SHELL
    + "])",
    "__globals__ of a library's function": "return np.loadtxt.__globals__['__builtins__']['open'](secret).read()",
    "frames of a traceback": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    return e.__traceback__.tb_frame.f_back.f_builtins['open'](secret).read()",
    "sys._getframe": "import sys; return sys._getframe(1).f_builtins['open'](secret).read()",
    "replacement of the guarded built-ins by the real ones": "import builtins; globals()['__builtins__'] = vars(builtins)\ndef out():\n    return open(secret).read()\nreturn out()",
    "map of os.system": OS + "list(map(os.system, [" + SHELL + "]))",
    "functools.partial": OS + "import functools; functools.partial(os.system, " + SHELL + ")()",
    "descriptor of a class": OS + "class X: go = staticmethod(os.system)\nX().go(" + SHELL + ")",
    "operator.methodcaller": OS + "import operator; operator.methodcaller('system', " + SHELL + ")(os)",
    "timeit": "import timeit; timeit.timeit('import os; os.system(' + repr(" + SHELL + ") + ')', number=1)",
    "function of the definition put into numpy": "old = np.zeros\ndef zeros(*a):\n    import builtins; return builtins.open(secret).read()\nnp.zeros = zeros\ntry:\n    return np.zeros(1)\nfinally:\n    np.zeros = old",
    "types.FunctionType": "import types, builtins\ntypes.FunctionType((lambda: open('x')).__code__, vars(builtins))",
    "code.replace": "(lambda: 1).__code__.replace(co_filename='serial/')",
    "marshal": "import marshal; marshal.loads(marshal.dumps((lambda: 1).__code__))",
    "__code__ of a trusted function": "import serial\nserial.Serial.open.__code__ = (lambda self: 1).__code__",
    "code that claims to come from a VISA library": "import codeop, serial\ncodeop.compile_command('x = 1', serial.__file__)",
    "sys.settrace": "import sys; sys.settrace(print)",
    "sys.addaudithook": "import sys; sys.addaudithook(print)",
    "gc.get_objects": "import gc; gc.get_objects()",
    "sys.meta_path": "import sys\nclass F:\n    def find_spec(self, n, p, t=None):\n        import builtins; builtins.open(mark, 'w')\nsys.meta_path.insert(0, F())\ntry:\n    import nothing_of_this_name\nfinally:\n    del sys.meta_path[0]",
    # Threads, and code that runs after the definition
    "Thread of os.system": OS
    + "import threading; t = threading.Thread(target=os.system, args=("
    + SHELL
    + ",)); t.start(); t.join()",
    "Timer of os.system": OS
    + "import threading; t = threading.Timer(0, os.system, ("
    + SHELL
    + ",)); t.start(); t.join()",
    "ThreadPoolExecutor": OS
    + "from concurrent.futures import ThreadPoolExecutor as P; P(1).submit(os.system, "
    + SHELL
    + ").result()",
    "_thread": OS + "import _thread; _thread.start_new_thread(os.system, (" + SHELL + ",))",
    "signal handler": "import signal, builtins\nold = signal.signal(signal.SIGUSR1, lambda *a: builtins.open(mark, 'w'))\ntry:\n    signal.raise_signal(signal.SIGUSR1)\nfinally:\n    signal.signal(signal.SIGUSR1, old)",
    # The network and foreign code
    "socket found in sys.modules": "import sys; sys.modules['socket'].create_connection(('127.0.0.1', port))",
    "asyncio": "import asyncio; asyncio.run(asyncio.open_connection('127.0.0.1', port))",
    "http.client found in sys.modules": "import sys; sys.modules['http.client'].HTTPConnection('127.0.0.1', port).request('GET', '/')",
    "smtplib": "import smtplib; smtplib.SMTP('127.0.0.1', port)",
    "name look-up": "import sys; sys.modules['socket'].getaddrinfo('localhost', 1)",
    "ctypes through numpy": "np.ctypeslib.ctypes.CDLL(None).system((" + SHELL + ").encode())",
    "ctypes to memory": "import sys; sys.modules['ctypes'].string_at(id(self), 1)",
    # Functions of the import system that read and write files
    "get_data of a loader": "return np.__loader__.get_data(secret)",
    "set_data of a loader": "np.__loader__.set_data(mark, b'x')",
    "set_data into a cache": "np.__loader__.set_data(mark + '/__pycache__/x', b'x')",
    "pkgutil.get_data": "import pkgutil; return pkgutil.get_data('numpy', '../' * 20 + secret)",
    "SourceFileLoader": "import types; type(np.__loader__)('x', secret).exec_module(types.ModuleType('x'))",
    "zipimport": "import zipimport; zipimport.zipimporter(secret)",
    "closure of the guarded import": "f = type(self).attack0.__builtins__['__import__']\nreal = [c.cell_contents for c in f.__closure__ if getattr(c.cell_contents, '__name__', '') == '__import__'][0]\nreal('os').system("
    + SHELL
    + ")",
    # Other languages and interpreters
    "sqlite3 in memory": "import sqlite3; c = sqlite3.connect(':memory:'); c.execute(f\"attach '{mark}' as x\"); c.execute('create table x.t (a)')",
    "import readline": "import readline; readline.write_history_file(mark)",
    "import dbm.gnu": "import dbm.gnu; dbm.gnu.open(mark, 'c')",
    "import cffi": "import cffi; f = cffi.FFI(); f.cdef('int system(const char *);'); f.dlopen(None).system(("
    + SHELL
    + ").encode())",
    "import tkinter": "import tkinter; tkinter.Tcl().eval('exec sh -c {' + " + SHELL + " + '}')",
    "import of a subinterpreter": "try:\n    import _interpreters as i\nexcept ModuleNotFoundError:\n    import _xxsubinterpreters as i\ni.run_string(i.create(), 'import os; os.system(' + repr("
    + SHELL
    + ") + ')')",
    "subinterpreter module that is already loaded": "import builtins, sys\nload = [c.cell_contents for c in type(self).attack0.__builtins__['__import__'].__closure__ if getattr(c.cell_contents, '__name__', '') == '__import__'][0]\ntry:\n    i = load('_interpreters')\nexcept ModuleNotFoundError:\n    i = load('_xxsubinterpreters')\ni.run_string(i.create(), 'import os; os.system(' + repr("
    + SHELL
    + ") + ')')",
    "code.InteractiveInterpreter": "import code; code.InteractiveInterpreter().runsource('import os; os.system(' + repr("
    + SHELL
    + ") + ')')",
    # The host program's environment
    "os.environ": OS + "os.environ['PYBIRCH_GUARD_TEST'] = 'x'",
    "resource.setrlimit": "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0))",
    "syslog": "import syslog; syslog.syslog('x')",
    "io.open_code": "import io; return io.open_code(secret).read()",
    "_pyio.open": "import _pyio; _pyio.open(mark, 'w')",
    "os.open below a folder's descriptor": OS + "d = os.open('.', os.O_RDONLY)\nos.open('x', os.O_CREAT, dir_fd=d)",
    # Through functions of VISA libraries
    "pyserial's spy file": "import serial\nserial.serial_for_url(f'spy://loop://?file={mark}')",
    "pyserial on a regular file": "import serial\nserial.Serial(mark)",
    # Threads that pretend to belong to other code
    "Thread whose run is a property": OS
    + "import threading, functools\nclass T(threading.Thread):\n    run = property(lambda self: functools.partial(os.system, "
    + SHELL
    + "), lambda self, value: None)\nt = T(); t.start(); t.join()",
    "Thread that replaces its run when it is read": OS
    + "import threading, functools\nclass T(threading.Thread):\n    def __getattribute__(self, name):\n        return functools.partial(os.system, "
    + SHELL
    + ") if name == 'run' else super().__getattribute__(name)\nt = T(); t.start(); t.join()",
    "_thread that starts an object which imitates a method": OS
    + "import threading, _thread, functools\nclass F:\n    __self__ = threading.Thread()\n    __call__ = functools.partial(os.system, "
    + SHELL
    + ")\n_thread.start_new_thread(F(), ())",
    "Thread started by a VISA library": OS
    + "import threading, types, serial.threaded\nt = threading.Thread(target=os.system, args=("
    + SHELL
    + ",))\nserial.threaded.ReaderThread.__enter__(types.SimpleNamespace(start=t.start, alive=True, protocol=None, _connection_made=types.SimpleNamespace(wait=t.join)))",
    "signal.pthread_kill": "import signal, threading; signal.pthread_kill(threading.get_ident(), 0)",
    # Other ways to run code
    "import of its own folder through another package's path": "from pathlib import Path\nnp.__path__.append(str(Path(__file__).parent))\ntry:\n    import numpy.Attacker\n    return 'secret'\nexcept ModuleNotFoundError:\n    pass\nfinally:\n    np.__path__.pop()",
    "loader of compiled code": "import sys\nm = next(m for m in list(sys.modules.values()) if str(getattr(m, '__file__', '')).endswith(('.so', '.pyd')))\nm.__loader__.create_module(m.__spec__)",
    "typing.get_type_hints": "import typing\nclass X: pass\nX.__annotations__ = {'x': '__import__(\"os\").system(' + repr("
    + SHELL
    + ") + ')'}\ntyping.get_type_hints(X, globalns={})",
    "DataFrame.eval": OS
    + "call, text = os.system, "
    + SHELL
    + "\npd.DataFrame({'a': [1]}).eval('@call(@text)', engine='python')",
    "pdb": "import pdb; pdb.run('import os; os.system(' + repr(" + SHELL + ") + ')')",
    "shared memory": "import sys\nload = [c.cell_contents for c in type(self).attack0.__builtins__['__import__'].__closure__ if getattr(c.cell_contents, '__name__', '') == '__import__'][0]\nload('multiprocessing.shared_memory')\nsys.modules['multiprocessing.shared_memory'].SharedMemory(create=True, size=8)",
    # Modules whose functions raise no event
    "cffi found in sys.modules": "import sys\nf = sys.modules['cffi'].FFI(); f.cdef('int system(const char *);'); f.dlopen(None).system(("
    + SHELL
    + ").encode())",
    "_posixsubprocess": OS
    + "import struct\nf = sys.modules['_posixsubprocess'].fork_exec\nr, w = os.pipe()\npid = f(['/bin/sh', '-c', "
    + SHELL
    + "], [b'/bin/sh'], True, (w,), None, None, -1, -1, -1, -1, -1, -1, r, w, True, False, 0, None, None, None, -1, None, *[True] * (sys.version_info < (3, 14)))\nos.close(w); os.read(r, 1); os.waitpid(pid, 0)",
    "ctypes.memmove": "import sys; c = sys.modules['ctypes']\nc.memmove(id(self), id(self), 1)",
    "ctypes.memset": "import sys; c = sys.modules['ctypes']\nc.memset(id(self) + 4096, 0, 0)",
    "a C function called by its address": "import sys; c = sys.modules['ctypes']\nc.CFUNCTYPE(c.c_int)(1)",
    "ctypes read with getattr": "import sys; c = sys.modules['ctypes']\ngetattr(c, 'memmove')",
    "ctypes read with vars": "import sys; c = sys.modules['ctypes']\nvars(c)['memmove']",
    "ctypes read through its dictionary": "import sys; c = sys.modules['ctypes']\nc.__dict__['memmove']",
    "ctypes read with attrgetter": "import operator, sys; operator.attrgetter('memmove')(sys.modules['ctypes'])",
    "ctypes read with inspect": "import inspect, sys; inspect.getmembers(sys.modules['ctypes'])",
    "ctypes found by pickle": "import pickle; pickle.loads(b'cctypes\\nmemmove\\n.')",
    "ctypes found by pickle's Python code": "import io, pickle; pickle._Unpickler(io.BytesIO(b'cctypes\\nmemmove\\n.')).load()",
    "ctypes found by pkgutil": "import pkgutil; pkgutil.resolve_name('ctypes:memmove')",
    "ctypes found by logging's configuration": "import logging.config; logging.config.BaseConfigurator({}).resolve('ctypes.memmove')",
    "ctypes found through pyvisa": "import pyvisa.ctwrapper.highlevel as h; h.ctypes.memmove",
    "_ctypes found in sys.modules": "import sys; sys.modules['_ctypes'].dlopen",
    "readline found in sys.modules": "import builtins, sys\nload = [c.cell_contents for c in type(self).attack0.__builtins__['__import__'].__closure__ if getattr(c.cell_contents, '__name__', '') == '__import__'][0]\nload('readline').write_history_file(mark)",
    "readline loaded by a library": "import builtins, sys\nload = [c.cell_contents for c in type(self).attack0.__builtins__['__import__'].__closure__ if getattr(c.cell_contents, '__name__', '') == '__import__'][0]\nload('rlcompleter').readline.write_history_file(mark)",
    "_posixshmem loaded by a library": "import builtins, sys\nload = [c.cell_contents for c in type(self).attack0.__builtins__['__import__'].__closure__ if getattr(c.cell_contents, '__name__', '') == '__import__'][0]\nload('multiprocessing.shared_memory')._posixshmem.shm_open('/pybirch', 66, mode=384)",
    "a semaphore made with _multiprocessing": "import builtins, sys\nload = [c.cell_contents for c in type(self).attack0.__builtins__['__import__'].__closure__ if getattr(c.cell_contents, '__name__', '') == '__import__'][0]\nload('_multiprocessing').SemLock(0, 1, 1, '/pybirch', False)",
    "dbm found in sys.modules": "import builtins, sys\nload = [c.cell_contents for c in type(self).attack0.__builtins__['__import__'].__closure__ if getattr(c.cell_contents, '__name__', '') == '__import__'][0]\ntry:\n    m = load('_gdbm')\nexcept ModuleNotFoundError:\n    m = load('_dbm')\nm.open(mark, 'c')",
    # Functions that the import system is made to call
    "a loader whose create_module is exec": "import builtins, sys, types\nclass Spec(str):\n    parent = submodule_search_locations = origin = cached = None; has_location = False; name = 'nothing_of_this_name'\n    loader = types.SimpleNamespace(create_module=builtins.exec, exec_module=print)\nclass F:\n    def find_spec(self, n, p, t=None):\n        return Spec(f\"__import__('os').system('echo x > {mark}')\")\nsys.meta_path.insert(0, F())\ntry:\n    import nothing_of_this_name\nfinally:\n    del sys.meta_path[0]",
    "a loader whose create_module is eval": "import builtins, sys, types\nclass Spec(str):\n    parent = submodule_search_locations = origin = cached = None; has_location = False; name = 'nothing_of_this_name'\n    loader = types.SimpleNamespace(create_module=builtins.eval, exec_module=print)\nclass F:\n    def find_spec(self, n, p, t=None):\n        return Spec(f\"__import__('os').mkdir('{mark}')\")\nsys.meta_path.insert(0, F())\ntry:\n    import nothing_of_this_name\nfinally:\n    del sys.meta_path[0]",
    "a path hook that opens a file": "import io, sys\nsys.path_hooks.insert(0, io.open); sys.path.insert(0, secret)\ntry:\n    import nothing_of_this_name\nexcept ModuleNotFoundError:\n    return sys.path_importer_cache[secret].read()\nfinally:\n    del sys.path_hooks[0], sys.path[0]; sys.path_importer_cache.pop(secret, None)",
    "a library function that reads files as a path hook": "import sys\nsys.path_hooks.insert(0, np.genfromtxt); sys.path.insert(0, secret)\ntry:\n    import nothing_of_this_name\nfinally:\n    del sys.path_hooks[0], sys.path[0]; sys.path_importer_cache.pop(secret, None)",
    "ctypes as a path hook": "import sys\nsys.path_hooks.insert(0, np.ctypeslib.ctypes.CDLL)",
    "a path hook on a package's path": "import io, sys\nsys.path_hooks.insert(0, io.open); np.__path__.append(secret)\ntry:\n    import numpy.nothing_of_this_name\nexcept ModuleNotFoundError:\n    return sys.path_importer_cache[secret].read()\nfinally:\n    del sys.path_hooks[0]; np.__path__.pop(); sys.path_importer_cache.pop(secret, None)",
    "a path hook that calls through the import system": "import builtins, functools, sys\ncall = np.__loader__.exec_module.__globals__['_bootstrap']._call_with_frames_removed\nsys.path_hooks.insert(0, functools.partial(call, builtins.exec, 'import os; os.system(' + repr(f'echo x > {mark}') + ')', {})); sys.path.insert(0, secret)\ntry:\n    import nothing_of_this_name\nfinally:\n    del sys.path_hooks[0], sys.path[0]; sys.path_importer_cache.pop(secret, None)",
    "a loader that brings its own code": "import sys\nclass L(type(np.__loader__)):\n    def get_data(self, path):\n        return b'import os; os.mkdir(' + repr(mark).encode() + b')'\n    def path_stats(self, path):\n        raise OSError\nSpec = type(np.__spec__)\nclass F:\n    def find_spec(self, n, p, t=None):\n        return Spec(n, L(n, np.__file__), origin=np.__file__)\nsys.meta_path.insert(0, F())\ntry:\n    import nothing_of_this_name\nfinally:\n    del sys.meta_path[0]",
    "a loader whose code claims to come from a VISA library": "import sys, serial\nclass L(type(np.__loader__)):\n    def get_data(self, path):\n        return b'x = 1'\n    def path_stats(self, path):\n        raise OSError\nSpec = type(np.__spec__)\nclass F:\n    def find_spec(self, n, p, t=None):\n        return Spec(n, L(n, serial.__file__), origin=serial.__file__)\nsys.meta_path.insert(0, F())\ntry:\n    import nothing_of_this_name\nfinally:\n    del sys.meta_path[0]",
    # Paths that differ from what they claim to be
    "sqlite3 on the null device": "import sqlite3; c = sqlite3.connect('/dev/null'); c.execute(f\"attach '{mark}' as x\"); c.execute('create table x.t (a)')",
    "a str that lies about its path": "import io\nclass Liar(str):\n    def startswith(self, *a): return True\n    def partition(self, sep): return __file__.partition(sep)\n    def __str__(self): return __file__\n    def __getitem__(self, k): return __file__[k]\n    def split(self, *a): return __file__.split(*a)\nreturn io.open(Liar(secret)).read()",
    "a str that claims to be the null device": "import io\nclass Liar(str):\n    def __eq__(self, other): return True\n    def __hash__(self): return 0\n    def __str__(self): return '/dev/null'\nio.open(Liar(mark), 'w')",
    "a bytes that lies about its path": "import io\nclass Liar(bytes):\n    def decode(self, *a): return __file__\nreturn io.open(Liar(secret.encode())).read()",
    "a path that gives different answers": "import io\nclass Path:\n    answers = [secret, __file__, __file__, __file__]\n    def __fspath__(self): return self.answers.pop()\nfor _ in range(4):\n    io.open(Path()).close()",
    "a pathlib path that lies": "import io, pathlib\nclass P(type(pathlib.Path())):\n    __module__ = 'pathlib'\n    def __str__(self): return __file__\n    def __fspath__(self): return secret\nreturn io.open(P('x')).read()",
    "os.listdir of a path that lies": "import sys\nclass P:\n    def __fspath__(self): return '/'\nreturn sys.modules['os'].listdir(P())",
    "pyserial on shared memory": "import serial\nserial.Serial('/dev/shm/pybirch')",
    "pyserial on the machine's memory": "import serial\nserial.Serial('/dev/mem')",
    "the definition's shared library opened through VISA": "import pathlib, pyvisa\npyvisa.ResourceManager(str(pathlib.Path(__file__).with_name('libvisa.so')) + '@ivi')",
    "a shared library in memory opened through VISA": "import sys, pyvisa\nfd = sys.modules['os'].memfd_create('x')\npyvisa.ResourceManager(f'/proc/self/fd/{fd}@ivi')",
    "a C function that runs programs, called through VISA": "import functools, pathlib, types, serial.threaded, numpy.ctypeslib\nimport numpy._core._multiarray_umath as installed\ndef by_visa(function):\n    n = types.SimpleNamespace(serial=types.SimpleNamespace(cancel_read=None), protocol_factory=function)\n    try:\n        serial.threaded.ReaderThread.run(n)\n    except AttributeError:\n        return n.protocol\nfile = pathlib.PurePath(installed.__file__)\nlibrary = by_visa(functools.partial(numpy.ctypeslib.load_library, file.name, str(file.parent)))\nby_visa(functools.partial(getattr, library, 'system'))(("
    + SHELL
    + ").encode())",
    "a file in memory on sys.path": "import io, sys, zipfile\nfd = sys.modules['os'].memfd_create('x'); b = io.BytesIO()\nwith zipfile.ZipFile(b, 'w') as z:\n    z.writestr('in_memory.py', 'value = \"secret\"')\nsys.modules['os'].write(fd, b.getvalue()); sys.path.append(f'/proc/self/fd/{fd}')\ntry:\n    import in_memory\n    return in_memory.value\nexcept ModuleNotFoundError:\n    pass\nfinally:\n    sys.path.pop()",
    "fcntl.ioctl": "import fcntl; fcntl.ioctl(0, 21522, b'x')",
    # Changes of the environment without the functions that raise events
    "os.environ._data": "import sys; sys.modules['os'].environ._data[b'PYBIRCH_GUARD_TEST'] = b'x'",
    "os.environ._data.update": "import sys; sys.modules['os'].environ._data.update({b'PYBIRCH_GUARD_TEST': b'x'})",
    "os.environ._data.pop": "import sys; sys.modules['os'].environ._data.pop(b'PATH')",
    "os.environ._data replaced": "import sys; sys.modules['os'].environ._data = {}",
    "os.environb._data": "import sys; sys.modules['os'].environb._data[b'PYBIRCH_GUARD_TEST'] = b'x'",
    "os.environ.encodekey replaced": "import sys; sys.modules['os'].environ.encodekey = bytes",
    # More functions that read and write files
    "io.FileIO": "import io; io.FileIO(mark, 'w')",
    "tokenize.open": "import tokenize; return tokenize.open(secret).read()",
    "xml.etree": "import xml.etree.ElementTree as E; return E.parse(secret)",
    "numpy.DataSource": "return np.lib.npyio.DataSource(None).open(secret).read()",
    "ssl's key log": "import ssl; ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).keylog_filename = mark",
    # Functions for which Python raises no event
    "a signal sent through a process descriptor": OS
    + "fd = os.pidfd_open(os.getpid())\ntry:\n    sys.modules['_signal'].pidfd_send_signal(fd, 0); return 'secret'\nfinally:\n    os.close(fd)",
    "cffi's object in cryptography": "import sys\nf = sys.modules['cryptography.hazmat.bindings._rust']._openssl.ffi\nheld = f.new('char[]', b'secret')\nreturn bytes(f.buffer(f.cast('char *', int(f.cast('uintptr_t', held))), 6)).decode()",
}

OPEN = {
    "atexit of os.system": OS + "import atexit; atexit.register(os.system, " + SHELL + ")",
    "weakref.finalize of os.system": OS
    + "import weakref\nclass X: pass\nself.held = X(); weakref.finalize(self.held, os.system, "
    + SHELL
    + ")",
    "logging.FileHandler with delay": "import logging; h = logging.FileHandler(mark, delay=True); h.handle(logging.makeLogRecord({'msg': 'x'}))",
    "logging.handlers.SocketHandler": "import logging.handlers; h = logging.handlers.SocketHandler('127.0.0.1', port); h.handle(logging.makeLogRecord({'msg': 'x'})); h.close(); return 'secret'",
    "code that a library compiled, called later": "import timeit, functools, time; self.later = functools.partial(timeit.Timer('import os; os.system(' + repr("
    + SHELL
    + ") + ')').inner, range(1), time.perf_counter)",
    "built-in function used as a method": OS
    + "import functools; self.later = functools.partial(os.system, "
    + SHELL
    + ")",
    "pickle read by the host program": OS
    + "import functools, pickle\nself.later = functools.partial(pickle.loads, b'cposix\\nsystem\\n(V' + ("
    + SHELL
    + ").encode() + b'\\ntR.')",
    "os.register_at_fork": OS
    + "import functools; os.register_at_fork(before=functools.partial(os.system, "
    + SHELL
    + "))",
    "log handler whose emit is a built-in": "import logging, functools, io\nh = logging.Handler(); h.emit = functools.partial(io.open, mark, 'w'); h.handle(-1)",
    "callback of a VISA library": "import functools, io, types, serial.threaded\nn = types.SimpleNamespace(serial=types.SimpleNamespace(cancel_read=None), protocol_factory=functools.partial(io.open, secret))\ntry:\n    serial.threaded.ReaderThread.run(n)\nexcept AttributeError:\n    return n.protocol.read().split()[0]",
    "folder put on sys.path": "import sys, pathlib\nfolder = str(pathlib.Path(secret).parent)\nsys.path.append(folder)\ntry:\n    import unreviewed\nfinally:\n    sys.path.remove(folder)\nreturn unreviewed.value",
    "names of files listed through sys.path": "import sys, pathlib\nfolder = str(pathlib.Path(secret).parent)\nsys.path.append(folder)\ntry:\n    import nothing_of_this_name\nexcept ModuleNotFoundError:\n    return 'secret' if 'secret.txt' in sys.path_importer_cache.pop(folder)._path_cache else ''\nfinally:\n    sys.path.remove(folder)",
    "memory of the host program": "import sys; return 'secret' if sys._getframe(1).f_locals['name'] else ''",
    "environment variables": OS + "return 'secret' if os.environ['PATH'] else ''",
    "certificates read by ssl": "import ssl\ntry:\n    ssl.create_default_context(cafile=secret)\nexcept ssl.SSLError:\n    return 'secret'",
    "os.umask": OS + "return 'secret' if os.umask(os.umask(0o22)) >= 0 else ''",
    "pool of the host program": OS + "self.pool.submit(os.system, " + SHELL + ").result()",
    "os._exit": OS + "os._exit(0)",
    "os.stat": OS + "return 'secret' if os.stat(secret).st_size else ''",
    "open descriptors": OS + "r, w = os.pipe(); os.write(w, b'secret'); return os.read(r, 6).decode()",
    "socket.gethostname": "import sys; return 'secret' if sys.modules['socket'].gethostname() else ''",
    "pwd": "import pwd; return 'secret' if pwd.getpwall() else ''",
    "os.mkfifo": OS + "os.mkfifo(mark)",
    "os.mknod": OS + "os.mknod(mark)",
    "socket through pyvisa": "import sys\nsys.modules['serial'].serial_for_url(f'socket://127.0.0.1:{port}')\nreturn 'secret'",
    "a module's functions read around the module's check": "import sys; return 'secret' if object.__getattribute__(sys.modules['ctypes'], 'memmove') else ''",
    "a part of ctypes that a VISA library uses": "import pyvisa.ctwrapper.cthelper as c; return 'secret' if c.FUNCTYPE(None)(1) else ''",
    "os.environ replaced": OS
    + "import types; old = os.environ; os.environ = {}\ntry:\n    return 'secret' if not os.environ else ''\nfinally:\n    os.environ = old",
    "OpenSSL's functions through cryptography": "import sys\nfunctions = sys.modules['_openssl.lib']\nheld = bytes(6)\nfunctions.BIO_read(functions.BIO_new_file(secret.encode(), b'r'), held, 6)\nreturn held.decode()",
    "the guard's own data in memory": "import sys\nsys.modules['pybirch_registry.guard.audit']._RULES.pop('os.mkdir')\nsys.modules['os'].mkdir(mark)",
}
