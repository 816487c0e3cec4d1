"""Makes a recording of an imported session: runs the definition against its messages, and records what happens."""

import warnings

from .. import clock, values
from ..connections import devices
from ..device import Device
from ..difference import Difference
from ..recorder import Recorder
from ..recording import Recording, RecordingError
from ..steps import build
from ..traffic import Traffic
from .script import MessageScript, StreamScript, Tee
from .sources import Session

REPLY_ENDS = (b"\n", b"\r\n", b"\r", b"")


class ImportedError(RecordingError):
    """A session cannot become a recording."""


def convert(session: Session, cls: type, adapter: str) -> Recording:
    """Makes a recording for a class. Raises `ImportedError` with the reason if the definition does something else."""
    if session.fault is not None:
        raise ImportedError(f"{session.name}: {session.fault}")
    reasons: list[str] = []
    tried = set(REPLY_ENDS)
    left = _scripts(session)
    while left:
        script = left.pop(0)
        try:
            return _run(session, cls, adapter, script)
        except Difference as difference:
            reasons.append(f"{difference.given}; expected: {difference.expected}")
        except Exception as error:  # the definition's code may raise anything
            reasons.append(f"{type(error).__name__}: {error}")
        if isinstance(script, MessageScript) and script.write_end not in tried:
            tried.add(script.write_end)  # replies may end as commands do
            left.append(MessageScript(session.messages, script.write_end))
    raise ImportedError(f"{session.name}: {reasons[0]}")


def _scripts(session: Session) -> list[MessageScript | StreamScript]:
    if session.is_stream:
        sent, read = (b"".join(data for kind, data in session.messages if kind == one) for one in "wr")
        return [StreamScript(sent, read)]
    return [MessageScript(session.messages, end) for end in REPLY_ENDS]


def _run(session: Session, cls: type, adapter: str, script: MessageScript | StreamScript) -> Recording:
    traffic = Traffic()
    tee: Device = Tee(script, traffic)
    args = {**session.args, "adapter": adapter}
    with devices(lambda name: tee), clock.running(), warnings.catch_warnings():
        # PyVISA's word for a terminator that is not the session's.
        warnings.filterwarnings("error", message="read string doesn't end with")
        instrument = build(cls, args)
        recorder = Recorder(cls.__name__, args, traffic)
        for step in session.steps:
            try:
                given = recorder.run(instrument, step)
            except Exception as error:
                if step.raises is None or step.raises not in [kind.__name__ for kind in type(error).__mro__]:
                    raise
                continue
            found = values.find_difference(step.gives, values.encode(given), step.relative) if step.is_checked else None
            if found is not None:
                raise Difference("import", "the same value", f"{step.label} gave another value: {found}")
        script.finish()
        return recorder.finish()
