/** The top-level modules of Python's standard library in any version from 3.8 to 3.14 (`sys.stdlib_module_names`). */
export const STANDARD_LIBRARY: ReadonlySet<string> = new Set(
  (
    '__future__ _thread _winapi abc aifc annotationlib antigravity argparse array ast asynchat ' +
    'asyncio asyncore atexit audioop base64 bdb binascii binhex bisect builtins bz2 cProfile calendar ' +
    'cgi cgitb chunk cmath cmd code codecs codeop collections colorsys compileall compression ' +
    'concurrent configparser contextlib contextvars copy copyreg crypt csv ctypes curses dataclasses ' +
    'datetime dbm decimal difflib dis distutils doctest dummy_threading email encodings ensurepip ' +
    'enum errno faulthandler fcntl filecmp fileinput fnmatch formatter fractions ftplib functools gc ' +
    'genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac html http idlelib ' +
    'imaplib imghdr imp importlib inspect io ipaddress itertools json keyword lib2to3 linecache ' +
    'locale logging lzma macpath mailbox mailcap marshal math mimetypes mmap modulefinder msilib ' +
    'msvcrt multiprocessing netrc nis nntplib nt ntpath nturl2path numbers opcode operator optparse ' +
    'os ossaudiodev parser pathlib pdb pickle pickletools pipes pkgutil platform plistlib poplib ' +
    'posix posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue ' +
    'quopri random re readline reprlib resource rlcompleter runpy sched secrets select selectors ' +
    'shelve shlex shutil signal site smtpd smtplib sndhdr socket socketserver spwd sqlite3 ' +
    'sre_compile sre_constants sre_parse ssl stat statistics string stringprep struct subprocess ' +
    'sunau symbol symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios test ' +
    'textwrap this threading time timeit tkinter token tokenize tomllib trace traceback tracemalloc ' +
    'tty turtle turtledemo types typing unicodedata unittest urllib uu uuid venv warnings wave ' +
    'weakref webbrowser winreg winsound wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib ' +
    'zoneinfo'
  ).split(' '),
);

/** Packages whose import name differs from their name for pip. */
export const DISTRIBUTIONS: ReadonlyMap<string, string> = new Map([
  ['serial', 'pyserial'],
  ['usb', 'pyusb'],
  ['visa', 'pyvisa'],
  ['PIL', 'pillow'],
  ['yaml', 'pyyaml'],
  ['cv2', 'opencv-python'],
  ['sklearn', 'scikit-learn'],
  ['skimage', 'scikit-image'],
  ['dateutil', 'python-dateutil'],
  ['zmq', 'pyzmq'],
  ['win32api', 'pywin32'],
  ['win32com', 'pywin32'],
  ['win32con', 'pywin32'],
  ['win32file', 'pywin32'],
  ['win32event', 'pywin32'],
  ['win32pipe', 'pywin32'],
  ['win32gui', 'pywin32'],
  ['win32process', 'pywin32'],
  ['pythoncom', 'pywin32'],
  ['pywintypes', 'pywin32'],
  ['clr', 'pythonnet'],
  ['System', 'pythonnet'],
  ['bs4', 'beautifulsoup4'],
  ['dotenv', 'python-dotenv'],
  ['Crypto', 'pycryptodome'],
  ['OpenSSL', 'pyopenssl'],
  ['attr', 'attrs'],
  ['epics', 'pyepics'],
  ['past', 'future'],
  ['ruamel', 'ruamel-yaml'],
  ['usbtmc', 'python-usbtmc'],
  ['vxi11', 'python-vxi11'],
  ['ivi', 'python-ivi'],
  ['u3', 'LabJackPython'],
  ['u6', 'LabJackPython'],
  ['ue9', 'LabJackPython'],
  ['labjack', 'labjack-ljm'],
  ['OpenGL', 'PyOpenGL'],
  ['gi', 'PyGObject'],
  ['jwt', 'PyJWT'],
  ['pkg_resources', 'setuptools'],
  ['magic', 'python-magic'],
  ['ldap', 'python-ldap'],
  ['can', 'python-can'],
  ['hid', 'hidapi'],
  ['smbus', 'smbus2'],
  ['RPi', 'RPi.GPIO'],
  ['Adafruit_DHT', 'Adafruit-DHT'],
  ['socks', 'PySocks'],
  ['websocket', 'websocket-client'],
  ['nacl', 'PyNaCl'],
  ['fitz', 'PyMuPDF'],
  ['docx', 'python-docx'],
  ['pptx', 'python-pptx'],
  ['Xlib', 'python-xlib'],
  ['paho', 'paho-mqtt'],
  ['slugify', 'python-slugify'],
  ['mpl_toolkits', 'matplotlib'],
  ['pylab', 'matplotlib'],
  ['qcodes_contrib_drivers', 'qcodes-contrib-drivers'],
  ['instruments', 'instrumentkit'],
  ['instrumental', 'Instrumental-lib'],
  ['wx', 'wxPython'],
  ['git', 'GitPython'],
]);
