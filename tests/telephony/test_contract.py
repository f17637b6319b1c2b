"""The contract of phone systems, kept by the fake, by MikoPBX as simulated, and by a real box that is named.

`make test-mikopbx URL=https://pbx.corp.example KEY=…` runs it against a box: it adds
people called “Contract …” with numbers that are free there, and deletes those whom
it made and nobody else.
"""

import os
import ssl
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from secrets import token_hex
from typing import Any

import httpx
import pytest

from fixtures.mikopbx import MikoPbx
from syncapp.telephony.config import PhoneConfig
from syncapp.telephony.mikopbx import open_mikopbx
from syncapp.telephony.mikopbx_client import Reply
from syncapp.telephony.protocol import PhoneSession
from syncapp.telephony.tls import shown_fingerprint
from tests.fakes.phone_system import FakePhoneSystem
from tests.telephony.conftest import FULL_KEY
from tests.telephony.contract import PhoneSystemContract, World

URL, KEY = os.environ.get("MIKOPBX_URL", ""), os.environ.get("MIKOPBX_KEY", "")
PACE = 6.0  # seconds between two tests: some ten requests each, and the box takes 200 a minute
WRITES = ("POST", "PATCH", "PUT", "DELETE")


class FakeWorld:
    def __init__(self) -> None:
        self.system = FakePhoneSystem()

    def number(self, count: int) -> str:
        return f"99000{count}00"

    def name(self, name: str) -> str:
        return name

    def add(self, name: str, *, number: str = "", mobile: str = "", dial_string: str = "", forward: str = "") -> str:
        forwards = {"fwd_forwarding": forward} if forward else {}
        return self.system.add(name, number=number, mobile=mobile, dial_string=dial_string or mobile, forwards=forwards)

    def edit(self, anchor: str, *, email: str) -> None:
        self.system.people[anchor] = replace(self.system.people[anchor], email=email)

    def remove(self, anchor: str) -> None:
        del self.system.people[anchor]

    def secret(self, anchor: str) -> str:
        return self.system.secrets.get(anchor, "")

    def writes(self) -> int:
        return self.system.writes

    def session(self) -> AbstractContextManager[PhoneSession]:
        return self.system.session()


class TestFake(PhoneSystemContract):
    @pytest.fixture
    def world(self) -> World:
        return FakeWorld()


class SimulatedWorld:
    """The simulator; its limit of requests is that of a real box."""

    def __init__(self, pbx: MikoPbx) -> None:
        self.pbx = pbx

    def number(self, count: int) -> str:
        return f"99000{count}00"

    def name(self, name: str) -> str:
        return name

    def add(self, name: str, *, number: str = "", mobile: str = "", dial_string: str = "", forward: str = "") -> str:
        return str(
            self.pbx.box.add(
                name,
                number=number,
                mobile_number=mobile,
                mobile_dialstring=dial_string or mobile,
                fwd_forwarding=forward,
            ).id
        )

    def edit(self, anchor: str, *, email: str) -> None:
        self.pbx.box.employees[int(anchor)].user_email = email

    def remove(self, anchor: str) -> None:
        self.pbx.box.remove(int(anchor))

    def secret(self, anchor: str) -> str:
        return self.pbx.box.employees[int(anchor)].sip_secret

    def writes(self) -> int:
        return sum(seen.verb in WRITES for seen in self.pbx.requests)

    def session(self) -> AbstractContextManager[PhoneSession]:
        return open_mikopbx(PhoneConfig("PBX", self.pbx.url, FULL_KEY, fingerprint=self.pbx.fingerprint, pause=0.0))


class TestSimulator(PhoneSystemContract):
    @pytest.fixture
    def world(self, pbx: MikoPbx) -> World:
        return SimulatedWorld(pbx)


class RealWorld:
    """A real box. Whom a test makes is known by a mark in the name, and deleted at the end."""

    def __init__(self, config: PhoneConfig) -> None:
        self.config = config
        self.mark = f"Contract {token_hex(4)}"
        self.sent = 0
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # whoever runs this named the box
        headers = {"Authorization": f"Bearer {config.api_key}"}
        self.http = httpx.Client(base_url=f"{config.url.rstrip('/')}/pbxcore/api/v3", headers=headers, verify=context)
        used = {row["number"] for row in self.http.get("/extensions").json()["data"]}
        free = (f"{first:05}" for first in range(99000, 100000))
        self.first = next(each for each in free if not any(number.startswith(each) for number in used))

    def number(self, count: int) -> str:
        return f"{self.first}{count}00"

    def name(self, name: str) -> str:
        return f"{name} {self.mark}"

    def add(self, name: str, *, number: str = "", mobile: str = "", dial_string: str = "", forward: str = "") -> str:
        made = self.http.post(
            "/employees",
            json={
                "user_username": name,
                "number": number,
                "sip_secret": token_hex(4) + "-Zq8-vbn-QWE",
                "mobile_number": mobile,
                "mobile_dialstring": dial_string or mobile,
                "fwd_forwarding": forward,
            },
        )
        return str(made.json()["data"]["id"])

    def edit(self, anchor: str, *, email: str) -> None:
        self.http.patch(f"/employees/{anchor}", json={"user_email": email})

    def remove(self, anchor: str) -> None:
        self.http.delete(f"/employees/{anchor}")

    def secret(self, anchor: str) -> str:
        return str(self.http.get(f"/employees/{anchor}").json()["data"]["sip_secret"])

    def writes(self) -> int:
        return self.sent

    @contextmanager
    def session(self) -> Iterator[PhoneSession]:
        with open_mikopbx(self.config) as session:
            send = session.client.send

            def counted(*args: Any) -> Reply:
                self.sent += 1
                return send(*args)

            session.client.send = counted  # type: ignore[method-assign]  # a box does not say how often it was written to
            yield session

    def clean_up(self) -> None:
        for row in self.http.get("/employees").json()["data"]["data"]:
            if self.mark in row["user_username"]:
                self.remove(str(row["id"]))
        self.http.close()


if URL and KEY:

    class TestRealBox(PhoneSystemContract):
        @pytest.fixture
        def world(self) -> Iterator[World]:
            fingerprint = shown_fingerprint(URL, limit=10)
            world = RealWorld(PhoneConfig("real", URL, KEY, fingerprint=fingerprint))
            yield world
            world.clean_up()
            time.sleep(PACE)
