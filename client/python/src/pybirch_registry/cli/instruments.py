"""The commands about instruments. commands.py says how commands work."""

from argparse import Namespace

from ..addresses import check_address
from ..discovery import find_others_at
from ..errors import UnknownDefinitionError
from ..home import Home
from ..registry import Registry
from .output import Output


def bind(home: Home, options: Namespace, output: Output) -> int:
    registry = Registry.open(home.root)
    adapter = check_address(options.adapter)
    registry.bind_by_name(options.instrument, adapter, options.called)
    name = options.called or options.instrument
    text = f"{name} is at {adapter} on this computer"
    others = ", ".join(found.name for found in find_others_at(adapter, registry.find_bound(name), registry.discover()))
    note = (
        f"{others} is bound to {adapter} too. If the instrument is no longer there, run: pybirch-registry unbind NAME"
        if others
        else None
    )
    return _print_binding(registry, name, adapter, text, output, note)


def unbind(home: Home, options: Namespace, output: Output) -> int:
    registry = Registry.open(home.root)
    found = registry.find_bound(options.instrument)
    if found is None:
        raise UnknownDefinitionError(
            f"{options.instrument} is not bound on this computer. To list instruments: pybirch-registry status"
        )
    registry.unbind(found)
    text = f"{found.name} is no longer bound on this computer; the registry keeps the instrument"
    return _print_binding(registry, options.instrument, None, text, output)


def _print_binding(
    registry: Registry, name: str, adapter: str | None, text: str, output: Output, note: str | None = None
) -> int:
    waiting = registry.waiting()
    later = " (the registry gets it at the next sync)" if waiting and registry.enrolment.token else ""
    value = {"instrument": name, "adapter": adapter, "waiting": waiting, "warning": note}
    output.result(value, text + later, *([f"note     {note}"] if note else []))
    return 0
