"""pytest alone replays the recordings of a clone."""

import json
import os
import subprocess
import sys
from pathlib import Path

from bench_definitions import LOCK_IN, STEPS, definition, recorded

RUN = [
    sys.executable,
    "-m",
    "pytest",
    "-p",
    "no:cacheprovider",
    "--disable-plugin-autoload",
    "-p",
    "pybirch_registry_pytest",
]

ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def test_pytest_alone_replays_the_recordings_of_a_clone(tmp_path: Path) -> None:
    folder = definition(tmp_path / "clone", "LockIn", LOCK_IN)
    recorded(folder, name="green")
    recorded(folder, [STEPS[0], {**STEPS[4], "io": [["w", "SNAP? 1"]]}], name="red")
    (folder / "tests" / "test_log.jsonl").write_text(json.dumps({"test_a": {"rx": "", "tx": ""}}) + "\n")
    (folder / "data.jsonl").write_text('{"recording": 1}\n')
    done = subprocess.run([*RUN, "-q"], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert 'but      sent "SNAP? 1,2\\r\\n"' in done.stdout
    assert "FAILED tests/red.jsonl::replay - at       step 2, call perform_measurement" in done.stdout


def test_the_plugin_imports_nothing_where_there_is_no_recording() -> None:
    code = "import sys, pybirch_registry_pytest; print(sorted(n for n in sys.modules if n.startswith(('py'))))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['pybirch_registry_pytest']"
