"""What code that nobody has reviewed could try on a bench computer: `python outbreak.py FACTS`. Prints the names of the
attempts that succeeded, and then `tried`. FACTS is JSON: `data`, `url`, `parent`, `python`, `mark`, `token`.
"""

import json
import os
import socket
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any


def read_the_enrolment(facts: dict[str, Any]) -> None:
    Path(facts["data"], "enrolment.json").read_bytes()


def read_the_seal(facts: dict[str, Any]) -> None:
    Path(facts["data"], "seal.json").read_bytes()


def read_the_environment_of_another_process(facts: dict[str, Any]) -> None:
    Path(f"/proc/{facts['parent']}/environ").read_bytes()


def find_an_open_socket(facts: dict[str, Any]) -> None:
    assert any(is_socket(number) for number in range(3, 256))


def is_socket(number: int) -> bool:
    try:
        return stat.S_ISSOCK(os.fstat(number).st_mode)
    except OSError:
        return False


def find_the_token_in_its_own_environment(facts: dict[str, Any]) -> None:
    assert facts["token"] in json.dumps(dict(os.environ))


def post_a_green_check(facts: dict[str, Any]) -> None:
    body = json.dumps({"name": "tests", "state": "success", "head": "0" * 40})
    headers = {"Authorization": f"Bearer {facts['token']}"}
    call = urllib.request.Request(f"{facts['url']}/api/merge-requests/1/checks", body.encode(), headers)
    try:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(call, timeout=2)
    except urllib.request.HTTPError:  # type: ignore[attr-defined]
        return  # it was reached


def reach_a_service_of_this_computer(facts: dict[str, Any]) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(2)
        one.connect(facts["socket"])


def write_into_the_data_folder(facts: dict[str, Any]) -> None:
    Path(facts["data"], "mark").write_text("mine")


def write_into_a_repository(facts: dict[str, Any]) -> None:
    Path(facts["repository"], "mark").write_text("mine")


def change_this_package(facts: dict[str, Any]) -> None:
    Path(facts["python"], "mark.py").write_text("mine")


def leave_a_file_behind(facts: dict[str, Any]) -> None:
    Path(facts["mark"]).write_text("mine")


def signal_the_bench(facts: dict[str, Any]) -> None:
    os.kill(facts["parent"], 0)


def see_devices(facts: dict[str, Any]) -> None:
    assert {one.name for one in Path("/dev").iterdir()} - {"null", "zero", "full", "random", "urandom", "shm"}


def fill_the_disk(facts: dict[str, Any]) -> None:
    with Path("much").open("wb") as file:
        for _ in range(100):
            file.write(bytes(1 << 20))
    Path("much").unlink()


def uncover_the_data_folder(facts: dict[str, Any]) -> None:
    run("umount", facts["data"])


def become_root(facts: dict[str, Any]) -> None:
    run("unshare", "--user", "--map-root-user", "true")


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


ATTEMPTS = (
    read_the_enrolment,
    read_the_seal,
    read_the_environment_of_another_process,
    find_an_open_socket,
    find_the_token_in_its_own_environment,
    post_a_green_check,
    reach_a_service_of_this_computer,
    write_into_the_data_folder,
    write_into_a_repository,
    change_this_package,
    leave_a_file_behind,
    signal_the_bench,
    see_devices,
    fill_the_disk,
    uncover_the_data_folder,
    become_root,
)
WITHOUT_NAMESPACES = (find_an_open_socket, find_the_token_in_its_own_environment, uncover_the_data_folder)
"""Attempts that fail for every child process."""

if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    for attempt in ATTEMPTS:
        try:
            attempt(given)
        except (OSError, AssertionError, subprocess.SubprocessError):
            continue
        print(attempt.__name__)
    subprocess.Popen(["sleep", "471100"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    print("tried")
