"""The merge requests and test results of the simulated registry, as a bench computer sees them."""

from typing import Any

from fake_registry import FakeRegistry

BENCH = "LABPC-01"


class FakeLab:
    """Tests change `proposals`, and look at `checks` and `results`. Switch it on with `FakeLab(server)`."""

    def __init__(self, server: FakeRegistry) -> None:
        self.server = server
        self.proposals: dict[int, dict[str, Any]] = {}
        self.checks: list[dict[str, Any]] = []
        """What was posted, oldest first."""
        self.results: list[dict[str, Any]] = []
        self.is_bench = True
        server.lab_bench = self.answer

    def propose(self, name: str, source: str, files: dict[str, str] | None = None, number: int = 1) -> str:
        """Makes or changes a merge request. Returns its head."""
        contents = {f"{name}.py": source, **(files or {})}
        base = self.server.definitions[name]["commit"].encode()
        head = self.server.commit(name, {path: text.encode() for path, text in contents.items()}, [base], "A change")
        self.server.repos[name].refs[f"refs/merge-requests/{number}/head".encode()] = head
        self.proposals[number] = {
            "id": number,
            "definition": {"id": self.server.definitions[name]["id"], "name": name},
            "head": head.decode(),
            "permissions": [],
            "bench": {"may_run": True, "why": None},
        }
        self.server.say("merge_request.updated", {"merge_request": {"id": number}})
        return head.decode()

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if path.endswith("/results"):
            number, version = int(path.split("/")[3]), int(path.split("/")[5])
            if method == "GET":
                own = [one for one in self.results if (one["definition"], one["version"]) == (number, version)]
                return 200, {"items": own[::-1], "total": len(own)}
            found = next(one for one in self.server.definitions.values() if one["id"] == number)
            made = {**body, "definition": number, "version": version, "commit": found["commit"]}
            self.results.append({**made, "computer_name": BENCH, "standing": True})
            return 201, self.results[-1]
        if not self.is_bench:
            return 403, {"title": "Forbidden", "detail": "Computers see no merge requests"}
        if path == "/api/merge-requests":
            return 200, {"items": list(self.proposals.values()), "total": len(self.proposals)}
        proposal = self.proposals.get(int(path.split("/")[3]))
        if proposal is None:
            return 404, {"title": "Not Found"}
        if method == "GET":
            current = [one for one in self.checks if one["id"] == proposal["id"] and one["head"] == proposal["head"]]
            return 200, {**proposal, "checks": current[-1:]}
        if body["head"] != proposal["head"]:
            return 409, {"title": "Conflict", "detail": "The merge request has a newer head"}
        check = {**body, "id": proposal["id"], "account": f"computer:{BENCH}", "standing": True}
        self.checks.append(check)
        return 201, check
