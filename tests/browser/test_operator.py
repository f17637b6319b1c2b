"""The day of somebody who is in the group Operators and in no other."""

import re
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connection
from playwright.sync_api import BrowserContext, expect
from pytest_django.live_server_helper import LiveServer

from syncapp.choices import RunStatus
from syncapp.models import Conflict, DirectoryServer, Employee, SyncRun
from tests.browser.conftest import PASSWORD, Site, begin, log_in
from tests.services.company import Company, sync
from tests.services.disputes import disputed_title

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]


@pytest.fixture
def operator(transactional_db: None, live_server: LiveServer, context: BrowserContext) -> Site:
    rights: Any = import_module("syncapp.migrations.0010_rights")
    rights.make_groups(apps, SimpleNamespace(connection=connection))
    user = User.objects.create_user("olga", password=PASSWORD, is_staff=True)
    user.groups.set([Group.objects.get(name="Operators")])
    site = begin(live_server, context)
    log_in(site, "olga")
    return site


def test_operator_does_what_he_may(operator: Site, company: Company) -> None:
    server = disputed_title(company)
    page = f"/admin/syncapp/directoryserver/{server.pk}/change/"

    operator.open(page)
    operator.press("Run query")
    operator.sees("Anna Petrova")
    operator.open(page)
    operator.press("Preview sync")
    operator.sees("This is a preview")
    operator.open("/admin/syncapp/conflict/")
    operator.page.get_by_role("link", name=re.compile("Anna Petrova")).first.click()
    operator.page.get_by_role("button", name=re.compile("PBX")).first.click()
    operator.sees("1 conflict was decided")
    operator.open(page)
    operator.press("Synchronise now")
    operator.sees(re.compile("completed", re.IGNORECASE))

    assert Conflict.objects.get().resolved_by == "olga"
    assert SyncRun.objects.latest("pk").status == RunStatus.COMPLETED
    assert company.value("anna", "title") == ["Chief"]
    assert operator.complaints == []


def test_operator_imports_a_sheet(operator: Site) -> None:
    employee = Employee.objects.create(name="Anna Petrova", title="Clerk")
    operator.open("/admin/syncapp/employee/")

    operator.press("Import a sheet")
    table = f"id,name,title\n{employee.pk},Anna Petrova,Director\n,Boris Orlov,Clerk\n"
    operator.page.set_input_files(
        "input[type=file]", files=[{"name": "people.csv", "mimeType": "text/csv", "buffer": table.encode()}]
    )
    operator.press("Preview")
    operator.sees("nothing was changed yet")
    operator.sees("Director")
    operator.press("Import exactly this: 2 people")
    operator.sees("2 people were imported.")

    assert set(Employee.objects.values_list("name", "title")) == {
        ("Anna Petrova", "Director"),
        ("Boris Orlov", "Clerk"),
    }
    assert operator.complaints == []


def test_operator_sees_nothing_of_what_he_may_not(operator: Site, company: Company) -> None:
    company.add("anna", "Anna Petrova", telephoneNumber="215")
    server: DirectoryServer = company.server(name="Head office")
    sync(server)

    operator.open("/admin/syncapp/directoryserver/")
    operator.sees("Head office")
    operator.sees_no("Add directory server")
    operator.open(f"/admin/syncapp/directoryserver/{server.pk}/change/")
    operator.sees_no("Save")
    assert company.directory.service_dn not in operator.page.content()
    operator.open("/admin/syncapp/numberpool/")
    operator.sees_no("Add number pool")
    operator.open("/admin/")
    expect(operator.page.locator('a[href^="/admin/syncapp/"]').first).to_be_visible()
    expect(operator.page.locator('a[href^="/admin/auth/"]')).to_have_count(0)


FORBIDDEN = ["directoryserver/add/", "directoryserver/{}/write-back/", "directoryserver/{}/history/", "numberpool/add/"]


@pytest.mark.parametrize("address", [*(f"syncapp/{each}" for each in FORBIDDEN), "auth/user/", "auth/group/"])
def test_address_refuses_the_operator(operator: Site, company: Company, address: str) -> None:
    server = company.server()

    response = operator.page.goto(f"{operator.address}/admin/{address.format(server.pk)}")

    assert response is not None
    assert response.status == 403
