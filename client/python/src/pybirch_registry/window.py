"""Shows messages in a window of PyBirch's interface. Any thread may send a message."""

import importlib
from typing import Any

from .alarm import Listener


def messages() -> Listener:
    """Returns a function that shows a sentence in a window without blocking. Call this function in the thread of the
    interface.

    Raises `ImportError` without Qt.
    """
    core: Any = importlib.import_module("PySide6.QtCore")
    widgets: Any = importlib.import_module("PySide6.QtWidgets")
    shown: list[Any] = []

    def show(text: str) -> None:
        if widgets.QApplication.instance() is None:
            return
        box = widgets.QMessageBox(widgets.QMessageBox.Icon.Warning, "PyBirch: a revoked instrument", text)
        box.setWindowModality(core.Qt.WindowModality.NonModal)
        box.finished.connect(lambda: shown.remove(box))
        shown.append(box)
        box.show()

    class Messages(core.QObject):  # type: ignore[misc]
        said = core.Signal(str)

    sender = Messages()
    sender.said.connect(show, core.Qt.ConnectionType.QueuedConnection)
    return lambda text: sender.said.emit(text)
