"""What was measured on the real MikoPBX, told again in a table of our own, and what the simulator adds for tests.

The table is always run; `test_recordings` compares with the recordings themselves
where they are at hand.
"""

import base64
import json
from typing import Any

import httpx
import pytest

from fixtures.mikopbx import MikoPbx
from fixtures.mikopbx import secrets as strength
from fixtures.mikopbx.guard import BLOCKED, PER_WINDOW
from tests.telephony.conftest import plain_client

SECRET = "Zq8-vbn-QWE1"
TINY = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(112)).decode()
PICTURE = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(4900)).decode()
ANNA, BERT, UNKNOWN = 113, 114, 999999

# What is sent; then the status, the kind of `messages` ("" for an empty list), and fields of `data` with their values.
CASES: dict[str, tuple[str, str, Any, int, str, dict[str, Any]]] = {
    "created": ("POST", "/employees", {"number": "231"}, 201, "", {"id": "115", "sip_transport": "udp"}),
    "created_with_an_id": ("POST", "/employees", {"number": "231", "id": "7777"}, 200, "", {"fwd_ringlength": 0}),
    "overwritten": ("POST", "/employees", {"number": "231", "id": str(ANNA)}, 200, "", {"id": str(ANNA)}),
    "nothing_sent": ("POST", "/employees", "{", 422, "object", {}),
    "number_taken": ("POST", "/employees", {"number": "201"}, 422, "list", {}),
    "number_of_a_mobile": ("POST", "/employees", {"number": "79001112233"[:8]}, 201, "", {"number": "79001112"}),
    "number_of_an_application": ("POST", "/employees", {"number": "000063"}, 422, "list", {}),
    "number_cut": ("POST", "/employees", {"number": "345678901"}, 201, "", {"number": "34567890"}),
    "number_with_letters": ("POST", "/employees", {"number": "2a7"}, 201, "", {"number": "27"}),
    "mobile_taken": ("POST", "/employees", {"number": "231", "mobile_number": "79001112233"}, 422, "list", {}),
    "mobile_cleaned": ("POST", "/employees", {"number": "231", "mobile_number": "+7 (900) 1"}, 201, "", {"mobile_number": "79001"}),
    "mobile_alone": ("POST", "/employees", {"number": "231", "mobile_number": "7900"}, 201, "", {"mobile_dialstring": ""}),
    "email_twice": ("POST", "/employees", {"number": "231", "user_email": "anna@corp.example"}, 201, "", {}),
    "weak_secret": ("POST", "/employees", {"number": "231", "sip_secret": "12345"}, 422, "list", {}),
    "read": ("GET", f"/employees/{ANNA}", None, 200, "", {"id": str(ANNA), "sip_secret": SECRET}),
    "read_unknown": ("GET", f"/employees/{UNKNOWN}", None, 422, "list", {}),
    "read_no_number": ("GET", "/employees/abc", None, 404, "list", {}),
    "patched": ("PATCH", f"/employees/{ANNA}", {"user_email": ""}, 200, "", {"user_email": "", "number": "201"}),
    "patched_unknown": ("PATCH", f"/employees/{UNKNOWN}", {}, 404, "list", {}),
    "patched_with_no_json": ("PATCH", f"/employees/{ANNA}", "{", 200, "", {"user_username": "Anna Orlova"}),
    "name_emptied": ("PATCH", f"/employees/{ANNA}", {"user_username": ""}, 422, "object", {}),
    "name_null": ("PATCH", f"/employees/{ANNA}", {"user_username": None}, 200, "", {"user_username": "Anna Orlova"}),
    "name_like_an_address": ("PATCH", f"/employees/{ANNA}", {"user_username": "Httpson Zoë M"}, 200, "", {"user_username": "HttpsonZoM"}),
    "mobile_null": ("PATCH", f"/employees/{BERT}", {"mobile_number": None}, 200, "", {"mobile_number": "", "mobile_dialstring": ""}),
    "mobile_changed": ("PATCH", f"/employees/{BERT}", {"mobile_number": "79009"}, 200, "", {"mobile_dialstring": "979001112233"}),
    "secret_emptied": ("PATCH", f"/employees/{ANNA}", {"sip_secret": ""}, 200, "", {"sip_secret": SECRET}),
    "deleted": ("DELETE", f"/employees/{ANNA}", None, 200, "", {"deleted_id": str(ANNA)}),
    "deleted_unknown": ("DELETE", f"/employees/{UNKNOWN}", None, 422, "list", {}),
    "number_free": ("POST", "/extensions:available", {"number": "231"}, 200, "", {"available": True}),
    "number_not_free": ("POST", "/extensions:available", {"number": "201"}, 200, "", {"available": False, "userId": ANNA}),
    "wrong_verb": ("GET", "/extensions:available", None, 405, "list", {}),
    "email_in_capitals": ("GET", "/users:available?email=ANNA@corp.example", None, 200, "", {"available": True}),
    "no_such_thing": ("GET", "/no-such-thing", None, 404, "list", {}),
    "alive": ("GET", "/system:ping", None, 200, "", {}),
}  # fmt: skip


@pytest.fixture
def people(pbx: MikoPbx) -> None:
    pbx.box.add("Anna Orlova", number="201", user_email="anna@corp.example")
    pbx.box.add("Bert Probe", number="202", mobile_number="79001112233", mobile_dialstring="979001112233")


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("case", CASES)
def test_answers_as_measured(http: httpx.Client, case: str) -> None:
    verb, path, sent, status, messages, data = CASES[case]
    if verb == "POST" and path == "/employees" and isinstance(sent, dict):
        sent = {"user_username": "New Person", "sip_secret": SECRET, **sent}
    content = sent if isinstance(sent, str) else json.dumps(sent) if sent is not None else None

    answer = http.request(verb, path, content=content, headers={"Content-Type": "application/json"})

    body = answer.json()
    errors = body["messages"]["error"] if body["messages"] else ""
    kind = {list: "list", dict: "object"}.get(type(errors), "")
    assert (answer.status_code, kind) == (status, messages)
    assert {name: (body["data"] or {})[name] for name in data} == data
    assert body["data"] in (None, []) or body["result"] if "data" in body else True


def test_refused_picture_is_lost_all_the_same(pbx: MikoPbx, http: httpx.Client) -> None:
    person = pbx.box.add("Anna Orlova", number="201")
    assert http.patch(f"/employees/{person.id}", json={"user_avatar": PICTURE}).status_code == 200
    assert person.picture

    answer = http.patch(f"/employees/{person.id}", json={"user_avatar": TINY, "user_username": "Rolled Back"})

    assert answer.status_code == 422
    assert (person.user_username, person.picture) == ("Anna Orlova", b"")


def test_batch_cuts_names_and_stops_at_the_first_failure(pbx: MikoPbx, http: httpx.Client) -> None:
    long = "A Name Of More Than Thirty Two Letters"
    people = [{"number": number, "user_username": long, "sip_secret": SECRET} for number in ("231", "000063", "232")]

    answer = http.post("/employees:batchCreate", json={"employees": people})

    assert answer.status_code == 200
    assert [result["status"] for result in answer.json()["data"]["results"]] == ["created", "create_failed"]
    assert [person.user_username for person in pbx.box.employees.values()] == [long[:32]]


@pytest.mark.parametrize(
    "name",
    ["Chef d' or Paris", 'A "B"; C', "Select Comfort from Kiel", "Update Team Set", "Drop Table Anna", "Room 1=1"],
)
def test_request_filter_refuses_in_plain_text(pbx: MikoPbx, http: httpx.Client, name: str) -> None:
    person = pbx.box.add("Anna Orlova", number="201")

    answer = http.patch(f"/employees/{person.id}", json={"user_username": name})

    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "text/plain; charset=utf-8")
    assert person.user_username == "Anna Orlova"


@pytest.mark.parametrize("name", ["O'Brien", "Dr..é"])
def test_request_filter_lets_names_through(pbx: MikoPbx, http: httpx.Client, name: str) -> None:
    """The dots are refused only where JSON is written with ASCII escapes, for then a backslash follows."""
    person = pbx.box.add("Anna Orlova", number="201")
    json_type = {"Content-Type": "application/json"}

    answer = http.patch(
        f"/employees/{person.id}", content=json.dumps({"user_username": name}, ensure_ascii=False), headers=json_type
    )

    assert (answer.status_code, person.user_username) == (200, name)
    escaped = http.patch(f"/employees/{person.id}", content=json.dumps({"user_username": "Dr..é"}), headers=json_type)
    assert escaped.status_code == 403


def test_too_many_requests_shut_one_out(pbx: MikoPbx, http: httpx.Client) -> None:
    now = 1000.0
    pbx.limit.clock = lambda: now

    statuses = [http.get("/system:ping").status_code for _ in range(PER_WINDOW + 2)]

    assert statuses == [*[200] * PER_WINDOW, 429, 429]
    now += BLOCKED - 1
    refused = http.get("/system:ping")
    assert (refused.status_code, refused.headers["Content-Type"]) == (429, "text/plain; charset=utf-8")
    assert "Retry-After" not in refused.headers
    now += 2
    assert http.get("/system:ping").status_code == 200


def test_http_is_sent_to_https(pbx: MikoPbx) -> None:
    answer = httpx.post(f"{pbx.plain_url}/pbxcore/api/v3/employees", json={}, follow_redirects=False)

    assert (answer.status_code, answer.headers["Location"]) == (301, f"{pbx.url}/pbxcore/api/v3/employees")


def test_time_out_does_not_mean_undone(pbx: MikoPbx, http: httpx.Client) -> None:
    pbx.box.fail("timeout", late=0.0)

    answer = http.post("/employees", json={"number": "231", "user_username": "Late One", "sip_secret": SECRET})

    assert (answer.status_code, answer.json()["result"]) == (400, False)
    assert [person.number for person in pbx.box.employees.values()] == ["231"]


def test_locked_database_is_a_refusal(pbx: MikoPbx, http: httpx.Client) -> None:
    pbx.box.fail("locked")
    person = {"number": "231", "user_username": "Lock One", "sip_secret": SECRET}

    statuses = [http.post("/employees", json=person).status_code for _ in range(2)]

    assert statuses == [422, 201]


def test_keys_are_remembered_for_a_while(pbx: MikoPbx) -> None:
    """A key that was tried too early stays bad for a minute, a deleted one that was in use good for five."""
    now = 1000.0
    pbx.box.keys.clock = lambda: now

    with plain_client(pbx, "early") as client:
        assert client.get("/employees").status_code == 401
        key = pbx.box.keys.add("early", employees="read")
        assert client.get("/employees").status_code == 401
        now += 61
        assert client.get("/employees").status_code == 200
        pbx.box.keys.delete(key.id)
        assert client.get("/employees").status_code == 200
        now += 301
        assert client.get("/employees").status_code == 401


def test_rights_are_by_path_and_verb(pbx: MikoPbx) -> None:
    """A check that changes nothing is a POST, and so needs the right to write."""
    pbx.box.keys.add("narrow", employees="write", extensions="read")

    with plain_client(pbx, "narrow") as client:
        assert client.get("/employees").status_code == 200
        assert client.post("/employees", json={}).status_code == 422
        assert client.get("/extensions").status_code == 200
        assert client.post("/extensions:available", json={"number": "1"}).status_code == 401
        assert client.get("/users:available", params={"email": "a@corp.example"}).status_code == 401


def test_number_change_is_followed(pbx: MikoPbx, http: httpx.Client) -> None:
    anna = pbx.box.add("Anna Orlova", number="201")
    fred = pbx.box.add("Fred Forward", number="202", fwd_forwarding="201")

    http.patch(f"/employees/{anna.id}", json={"number": "231"})

    assert fred.fwd_forwarding == "231"
    assert http.delete(f"/employees/{anna.id}").status_code == 422


@pytest.mark.parametrize(
    ("secret", "passes"),
    [
        ("Summer2024", True), ("A8f3k2m9", True), ("a8f3k2m9x4bq7w5e", True), ("aB3-xY", True), ("k7#mQ", True),
        ("a8f3-k2m9", True), ("K5dMLakYWTS76H17NiB8", True), ("password", False), ("qwerty123", False),
        ("84736251", False), ("hgwqzkxvbn", False), ("847362519034", False), ("a8f3k2m9", False),
        ("A8F3K2M9X4", False), ("ABCdefGHIjkl", False), ("tR4gL", False),
        ("0123456789abcdef0123456789abcdef", False),
    ],
)  # fmt: skip
def test_secrets_are_as_strong_as_measured(secret: str, passes: bool) -> None:
    assert (not strength.mistakes(secret)) is passes
