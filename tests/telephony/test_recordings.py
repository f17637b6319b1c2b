"""The simulator gives the answers that the real MikoPBX gave: every recorded request is sent to it again."""

import base64
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fixtures.mikopbx import MikoPbx
from tests.telephony import recordings
from tests.telephony.recordings import Recording

FULL = "<full-permission API key>"
LATE = "<key created after a refused try>"
KEYS: dict[str, dict[str, str]] = {
    "<API key: employees write, extensions read, users read>": {
        "employees": "write",
        "extensions": "read",
        "users": "read",
    },
    "<API key: employees write, extensions write, users read>": {
        "employees": "write",
        "extensions": "write",
        "users": "read",
    },
    "<API key: employees read>": {"employees": "read"},
}
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def place() -> Path:
    """The recordings lie outside of the project: a clone without them has the table in test_simulator.py alone."""
    found = recordings.folder()
    if found is None:
        pytest.skip(f"no recordings beside the checkout; {recordings.VARIABLE} can name their folder")
    assert found.is_dir(), f"{recordings.VARIABLE} names no folder"
    return found


@pytest.fixture
def pbx() -> Iterator[MikoPbx]:
    with MikoPbx() as server:
        yield server


class Replay:
    """Sends recordings to a box; before some of them something was done to the real one that is not recorded."""

    def __init__(self, pbx: MikoPbx, between: dict[int, Callable[[], object]]) -> None:
        self.pbx = pbx
        self.between = between
        self.sent: list[Recording] = []
        self.tokens = {FULL: "full", "<unknown token>": "unknown", LATE: "late"}
        pbx.box.keys.next_id = 900  # out of the way of those that are made by requests
        pbx.box.keys.add("full", full=True)
        for name, paths in KEYS.items():
            self.tokens[name] = pbx.box.keys.add(f"key {len(paths)} {sorted(paths.values())}", **paths).key
        self.tokens["<JWT from auth:login>"] = pbx.box.keys.log_in()
        pbx.box.keys.next_id = 1

    def differences(self, found: Iterator[Recording]) -> list[str]:
        """Return what differs, a line each: case, place in the answer, what was recorded, what we answer."""
        differing: list[str] = []
        with httpx.Client(verify=self.pbx.tls_context(), base_url=self.pbx.url, timeout=10) as client:
            for recording in found:
                self.between.get(recording.number, lambda: None)()
                self.pbx.box.seen_as_local = recording.local
                self.pbx.box.guarded = recording.guarded
                answer = self._send(client, recording)
                ours = {"status": answer.status_code, "body": _body(answer)}
                theirs = {"status": recording.status, "body": recordings.comparable(recording.body)}
                self.sent.append(recording)
                differing += recordings.differences(theirs, ours, f"{recording.number} {recording.case}")
        return differing

    def _send(self, client: httpx.Client, recording: Recording) -> httpx.Response:
        headers = {"Content-Type": recording.content_type} if recording.content_type else {}
        if recording.key:
            headers["Authorization"] = f"Bearer {self.tokens[recording.key]}"
        content = None if recording.content is None else _with_pictures(recording.content).encode()
        return client.request(recording.verb, recording.path, headers=headers, content=content)


def _body(answer: httpx.Response) -> Any:
    is_json = answer.headers["Content-Type"] == "application/json" and answer.content
    return recordings.comparable(answer.json()) if is_json else None


def _with_pictures(content: str) -> str:
    """Put pictures in the place of their descriptions; the one of 3000 bytes was none."""

    def picture(found: re.Match[str]) -> str:
        size = int(found[1])
        start = b"" if size == 3000 else PNG
        return base64.b64encode(start + b"\1" * (size - len(start))).decode()

    return re.sub(r"<\d+ base64 characters, (\d+) bytes decoded>", picture, content)


def test_empty_system(place: Path, pbx: MikoPbx, monkeypatch: pytest.MonkeyPatch) -> None:
    """Log-in, keys, and everything that can be done with employees, one after the other, each on what the last left."""
    _secrets_without_chance(monkeypatch, place)
    box = pbx.box
    replay = Replay(
        pbx,
        {
            23: lambda: box.remove(113),
            # 078 overwrote Anna, which was put right again; one who forwards to her appeared.
            80: lambda: _put_back(pbx),
            119: lambda: box.add(
                "Fred Forward", number="280", user_email="p280@example.com", fwd_ringlength=20, fwd_forwarding="231"
            ),
        },
    )

    differing = replay.differences(recordings.read(place, 1, 188))

    assert not differing, "\n".join(differing)
    assert len(replay.sent) == 188


def test_faults_and_languages(place: Path, pbx: MikoPbx) -> None:
    """A batch that fails half-way, workers that do not answer, a locked database, Russian texts, keys tried too early."""
    box = pbx.box
    box.add("Anna Testova", number="231")
    box.next_id = 1208
    replay = Replay(
        pbx,
        {
            305: lambda: box.fail("timeout", late=0.0),
            307: lambda: box.fail("locked", times=2),
            313: lambda: box.keys.add("late", full=True),
            315: lambda: setattr(box, "language", "ru"),
        },
    )

    differing = replay.differences(recordings.read(place, 301, 317))

    assert not differing, "\n".join(differing)
    assert len(replay.sent) == 13


def test_behind_the_request_filter(place: Path, pbx: MikoPbx) -> None:
    """Who is refused in plain text, and why O'Brien is not."""
    box = pbx.box
    replay = Replay(
        pbx,
        {
            410: lambda: setattr(box.employees[113], "user_email", ""),
            415: lambda: _named(pbx, "Dr..e"),
            419: lambda: setattr(pbx.limit, "per_window", 0),
        },
    )

    differing = replay.differences(recordings.read(place, 401, 420))

    assert not differing, "\n".join(differing)
    assert len(replay.sent) == 20


def _put_back(pbx: MikoPbx) -> None:
    anna = pbx.box.employees[114]
    anna.user_username, anna.user_email, anna.number = "Anna Testova", "p231@example.com", "231"


def _named(pbx: MikoPbx, name: str) -> None:
    person = pbx.box.employees[113]
    person.user_username, person.user_email = name, "p231@example.com"


def _secrets_without_chance(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """The two defaults that were recorded before somebody used one, and the third after it, have secrets of chance."""
    made = [
        each.body["data"]["sip_secret"]
        for each in recordings.read(place, 1, 188)
        if "getDefault" in each.path and each.status == 200
    ]
    signs = iter("".join(made))
    monkeypatch.setattr("fixtures.mikopbx.reading.choice", lambda _signs: next(signs, secrets.choice("abc")))
