"""A message in PyBirch's interface, from whatever thread."""

import importlib
from typing import Any

from .alarm import Listener


def messages() -> Listener:
    """What shows a sentence in a window of its own, which holds up nothing. To be made in the thread of the interface.

    Raises `ImportError` where Qt is not there.
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
