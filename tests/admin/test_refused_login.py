"""A page whose account is refused asks no more by itself: some attempts with a wrong password lock an account.

Logins are counted by the directory, a real OpenLDAP.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from fixtures.openldap import OpenLdap
from syncapp.models import DirectoryServer, FieldMapping, SyncRun
from tests.admin.pages import page, text
from tests.conftest import require_program
from tests.services.company import Company, sync

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("openldap")]

SCOPE = "syncapp_directoryserver_scope"
CHANGE = "syncapp_directoryserver_change"
RULES = {"match_keys_0": "email", "match_keys_1": "", "match_keys_2": "", "match_keys_3": "", "create": "all"}


@pytest.fixture(scope="module")
def directory() -> Iterator[OpenLdap]:
    """A server of this module's own, for it counts."""
    require_program("slapd", "slapd")
    with OpenLdap() as server:
        yield server


@pytest.fixture
def company(directory: OpenLdap) -> Company:
    company = Company(directory)
    company.add("anna", "Anna Petrova", mail="anna@example.test")
    return company


@pytest.fixture
def server(company: Company) -> DirectoryServer:
    """A server whose directory knows another password by now."""
    server = company.server(name="Head office", pool=None)
    FieldMapping.objects.create(endpoint=server, field="name", attribute="displayName")
    enter(server, "wrong")
    return server


@pytest.fixture
def logins(directory: OpenLdap) -> Callable[[], int]:
    """How many logins there were since this was asked last; each look is one of them."""
    before = directory.operations()["Bind"]

    def since() -> int:
        nonlocal before
        now = directory.operations()["Bind"]
        number, before = now - before - 1, now
        return number

    return since


def enter(server: DirectoryServer, password: str) -> None:
    server.set_secret(password)
    server.save()


class _Elements(HTMLParser):
    """What asks on a page or part of one, and what takes the place of something that asks."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.asking: list[tuple[str, dict[str, str]]] = []
        self.pressed: list[dict[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        asks = "/directoryserver/" in found.get("hx-get", found.get("hx-post", ""))  # the site's own search does not
        if (asks and "hx-trigger" in found) or "hx-swap-oob" in found:
            self.asking.append((found.get("id", ""), found))
        elif asks and tag == "button":
            self.pressed.append(found)


@dataclass
class OpenPage:
    """A page in a browser, as far as what it asks without being told is concerned."""

    client: Client
    typed: dict[str, str]
    asking: dict[str, dict[str, str]] = field(default_factory=dict)
    buttons: list[dict[str, str]] = field(default_factory=list)
    said: str = ""

    def open(self, address: str) -> None:
        self._take(text(self.client.get(address)))

    def change(self) -> None:
        """Change something in the form."""
        for element in self._triggered_by("change"):
            self._ask(element)

    def press(self) -> None:
        """Press the button that came with the last answer."""
        (button,) = self.buttons
        self._ask(button)

    def _take(self, html: str) -> None:
        elements = _Elements(html)
        self.said, self.buttons = html, elements.pressed
        self.asking.update(elements.asking)
        for name in ("load", "intersect"):
            for element in self._triggered_by(name):
                element["hx-trigger"] = element["hx-trigger"].replace(name, "")
                self._ask(element)

    def _triggered_by(self, name: str) -> list[dict[str, str]]:
        return [each for each in self.asking.values() if name in each.get("hx-trigger", "")]

    def _ask(self, element: dict[str, str]) -> None:
        headers: Any = {"HX-Request": "true"}
        if "hx-post" in element:
            self._take(text(self.client.post(element["hx-post"], self.typed, headers=headers)))
        else:
            self._take(text(self.client.get(element["hx-get"], self.typed, headers=headers)))


@pytest.fixture
def scope_page(admin_client: Client, server: DirectoryServer) -> OpenPage:
    DirectoryServer.objects.filter(pk=server.pk).update(being_added=True, enabled=False)
    server.refresh_from_db()
    return OpenPage(admin_client, RULES)


def test_scope_page_tries_a_refused_password_once(
    scope_page: OpenPage, server: DirectoryServer, logins: Callable[[], int]
) -> None:
    scope_page.open(page(SCOPE, server.pk))
    for _ in range(3):
        scope_page.change()

    assert "refused the account" in scope_page.said
    assert logins() == 1


def test_password_that_is_refused_later_is_tried_once_more(
    scope_page: OpenPage, server: DirectoryServer, company: Company, logins: Callable[[], int]
) -> None:
    enter(server, company.directory.service_password)
    scope_page.open(page(SCOPE, server.pk))
    scope_page.change()
    assert logins() == 3  # branches, and two counts
    enter(server, "wrong")

    for _ in range(3):
        scope_page.change()

    assert "refused the account" in scope_page.said
    assert logins() == 1


def test_scope_page_asks_again_when_told_and_goes_on_where_the_password_is_taken(
    scope_page: OpenPage, server: DirectoryServer, company: Company, logins: Callable[[], int]
) -> None:
    scope_page.open(page(SCOPE, server.pk))
    scope_page.press()
    assert logins() == 2
    enter(server, company.directory.service_password)

    scope_page.press()
    scope_page.change()

    assert "People in scope: 1" in scope_page.said
    assert logins() == 3  # branches, and two counts


def test_count_goes_on_after_another_trouble(
    scope_page: OpenPage, server: DirectoryServer, company: Company, logins: Callable[[], int]
) -> None:
    enter(server, company.directory.service_password)
    scope_page.typed = {**RULES, "search_bases": f"ou=Gone,{company.base}"}
    scope_page.open(page(SCOPE, server.pk))
    scope_page.typed = RULES

    scope_page.change()

    assert "People in scope: 1" in scope_page.said


def test_mapping_table_tries_a_refused_password_once_until_told(
    admin_client: Client, server: DirectoryServer, logins: Callable[[], int]
) -> None:
    shown = OpenPage(admin_client, {"mappings-TOTAL_FORMS": "0"})
    shown.open(page(CHANGE, server.pk))
    shown.change()
    assert "refused the account" in shown.said
    assert logins() == 1

    shown.press()

    assert logins() == 1


@pytest.mark.django_db(transaction=True)
def test_mapping_table_waits_to_be_told_where_a_run_was_refused(
    admin_client: Client, server: DirectoryServer, company: Company, logins: Callable[[], int]
) -> None:
    run: SyncRun = sync(server)
    assert run.error_code == "login_refused"
    logins()
    shown = OpenPage(admin_client, {"mappings-TOTAL_FORMS": "0"})

    shown.open(page(CHANGE, server.pk))

    assert logins() == 0
    enter(server, company.directory.service_password)
    shown.open(page(CHANGE, server.pk))
    assert logins() == 1
