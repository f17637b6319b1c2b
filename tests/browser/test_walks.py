"""What people do with the site, click by click, in a real browser."""

import re

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, expect
from pytest_django.live_server_helper import LiveServer

from fixtures.portraits import portrait
from syncapp.choices import RunMode, RunPhase, RunStatus
from syncapp.models import Conflict, DirectoryServer, Employee, EndpointPool, FieldMapping, SyncRun
from tests.browser.conftest import PASSWORD, Site, begin, log_in
from tests.services.company import Company, sync
from tests.services.disputes import disputed_title

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]


def staffed(company: Company) -> None:
    company.add(
        "anna", "Анна Каренина", mail="anna@example.test", mobile="+79161234567", telephoneNumber="215", title="Boss",
        jpegPhoto=portrait("anna.karenina"),
    )  # fmt: skip
    company.add("boris", "Boris Orlov", mail="boris@example.test", pwdAccountLockedTime="000001010000Z")


def server_page(server: DirectoryServer) -> str:
    return f"/admin/syncapp/directoryserver/{server.pk}/change/"


def test_first_server_from_nothing_to_the_first_sync(site: Site, company: Company) -> None:
    staffed(company)
    company.ldap.add_s(f"ou=Sales,{company.base}", [("objectClass", [b"organizationalUnit"])])
    company.add("clara,ou=Sales", "Clara Schumann")
    directory = company.directory
    site.sees("No directory server is set up yet")

    site.press("Add a directory server")
    site.page.fill("input[name=name]", "Head office")
    site.page.fill("textarea[name=uris]", directory.uri)
    site.page.select_option("select[name=security]", "none")
    site.page.fill("input[name=bind_dn]", directory.service_dn)
    site.page.fill("input[name=password]", "wrong")
    site.press("Look at it")
    site.sees(re.compile("password", re.IGNORECASE))
    site.press("Correct address or account")
    site.page.fill("input[name=password]", directory.service_password)
    site.press("Look at it")
    site.sees("Proposed mapping")
    site.page.fill("input[name=base_dn]", company.base)
    site.press("Look again with these")
    site.sees("+79161234567")
    site.press("Confirm, and on to scope and rules")
    site.sees("People in scope: 3; switched off: 1.")
    site.page.get_by_role("checkbox", name=re.compile("ou=Sales")).check()
    site.sees("People in scope: 1; switched off: 0.")
    site.page.get_by_role("checkbox", name=re.compile("ou=Sales")).uncheck()
    site.sees("People in scope: 3; switched off: 1.")
    site.page.fill("textarea[name=user_filter]", "(mail=*)")
    site.page.keyboard.press("Tab")
    site.sees("People in scope: 2; switched off: 1.")
    site.page.fill("input[name=first]", "300")
    site.page.fill("input[name=last]", "349")
    site.press("Switch on, and preview sync")
    site.sees("“Head office” is ready")
    site.sees("This is a preview")
    site.press("Apply exactly this")
    site.sees("employees created")

    assert Employee.objects.get().extension == "215"
    assert EndpointPool.objects.get().pool.name == "Head office"
    assert directory.service_password not in site.page.content()
    site.open("/admin/syncapp/employee/")
    site.sees("Анна Каренина")


def test_settings_stand_in_tabs_and_the_one_with_a_mistake_opens(site: Site, company: Company) -> None:
    server = company.server()
    site.open(server_page(server))
    expect(site.page.locator("input[name=name]")).to_be_visible()
    expect(site.page.locator("input[name=schedule_minutes]")).to_be_hidden()

    site.page.get_by_role("link", name="Schedule", exact=True).focus()
    site.page.keyboard.press("Enter")
    site.page.fill("input[name=schedule_minutes]", "30")
    site.page.get_by_role("link", name="Rules and brakes").click()
    site.page.fill("input[name=limits_lost_percent]", "400")
    site.page.get_by_role("link", name="Scope", exact=True).click()
    site.press(re.compile("^Save and continue"))
    site.sees("People missing: whole numbers")
    site.sees("1 to correct")
    site.page.fill("input[name=limits_lost_percent]", "4")
    site.press(re.compile("^Save and continue"))
    site.sees("was changed successfully")

    server.refresh_from_db()
    assert (server.schedule, server.limits) == ({"every_minutes": 30}, {"lost": [5, 4, 1000]})
    expect(site.page.locator("input[name=limits_lost_percent]")).to_be_visible()


def test_settings_can_be_changed_without_scripts(
    transactional_db: None, live_server: LiveServer, chromium: Browser, company: Company
) -> None:
    server = company.server(name="Head office")
    User.objects.create_superuser("admin", password=PASSWORD)
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    site = begin(live_server, context)
    log_in(site, "admin")

    site.open(server_page(server))
    site.page.fill("input[name=name]", "Main office")
    site.page.get_by_label("Only when somebody asks").check()
    site.page.fill("input[name=limits_lost_number]", "9")
    site.press(re.compile("^Save and continue"))
    site.sees("was changed successfully")
    context.close()

    server.refresh_from_db()
    assert (server.name, server.schedule, server.limits) == ("Main office", {}, {"lost": [9, 10, 1000]})


def test_test_connection_and_query_show_what_the_directory_has(site: Site, company: Company) -> None:
    staffed(company)
    site.open(server_page(company.server()))

    site.press("Test connection")
    expect(site.page.get_by_role("row", name=re.compile("Check the right to write"))).to_be_visible()
    site.sees("Logged in as")
    site.sees("2 people found")
    expect(site.page.get_by_role("row", name=re.compile("Check the right to write.*written"))).to_be_visible()
    expect(site.page.get_by_text("waits", exact=True)).to_have_count(0)
    site.press("Settings of the server")
    site.press("Run query")
    site.sees("Анна Каренина")
    site.sees("Boris Orlov")

    assert not Employee.objects.exists()


def test_mapping_shows_what_each_line_brings_in(site: Site, company: Company) -> None:
    staffed(company)
    server = company.server()
    FieldMapping.objects.create(endpoint=server, field="extension", attribute="mobile", pattern=r"(\d{3})$")
    site.open(server_page(server))

    site.page.get_by_role("link", name="Mapping", exact=True).click()
    site.sees("+79161234567")
    expect(site.page.get_by_role("row", name=re.compile(r"Extension mobile 50 % 1 of 2 .*becomes 567"))).to_be_visible()
    site.page.fill("input[name=mappings-0-attribute]", "title")
    site.page.fill("input[name=mappings-0-pattern]", "")
    site.press("Look again with these lines")
    site.sees("Boss")

    assert FieldMapping.objects.get().attribute == "mobile"


def test_test_connection_stops_at_the_step_that_fails(site: Site, company: Company) -> None:
    server = company.server()
    server.set_secret("wrong")
    server.save()
    site.open(server_page(server))

    site.press("Test connection")

    site.sees("failed")
    expect(site.page.get_by_text("not tried", exact=True)).to_have_count(6)


def test_refused_password_is_sent_again_only_when_somebody_says_so(site: Site, company: Company) -> None:
    server = company.server(being_added=True, enabled=False)
    FieldMapping.objects.create(endpoint=server, field="name", attribute="displayName")
    staffed(company)
    server.set_secret("wrong")
    server.save()
    asked: list[str] = []
    site.page.on("request", lambda request: asked.append(request.url) if "?ask=" in request.url else None)
    site.open(f"/admin/syncapp/directoryserver/{server.pk}/scope/")
    site.sees("Nothing more is asked by itself")

    site.page.select_option("select[name=create]", "none")
    site.page.fill("[name=user_filter]", "(mail=*)")
    site.page.press("[name=user_filter]", "Tab")
    site.page.wait_for_timeout(1000)  # a change is asked about after 0.3 s
    assert len(asked) == 1
    server.set_secret(company.directory.service_password)
    server.save()
    site.press("Try again")

    site.sees("People in scope: 2; switched off: 1.")
    site.page.fill("[name=user_filter]", "(mail=anna@*)")
    site.page.press("[name=user_filter]", "Tab")
    site.sees("People in scope: 1; switched off: 0.")
    assert len(asked) == 4
    server.set_secret("wrong")
    server.save()
    for text in ("(mail=b*)", "(mail=c*)"):
        site.page.fill("[name=user_filter]", text)
        site.page.press("[name=user_filter]", "Tab")
        site.sees("Nothing more is asked by itself")
    site.page.wait_for_timeout(1000)
    assert len(asked) == 5


def test_progress_is_live_and_a_run_can_be_cancelled(site: Site, company: Company) -> None:
    run = SyncRun.objects.create(
        endpoint=company.server(), mode=RunMode.APPLY, status=RunStatus.RUNNING, phase=RunPhase.READ,
        started_at=timezone.now(), heartbeat_at=timezone.now(), progress_done=100, progress_total=1000,
    )  # fmt: skip
    site.open(f"/admin/syncapp/syncrun/{run.pk}/change/")
    site.sees("Reading: 100 of 1000")

    SyncRun.objects.filter(pk=run.pk).update(progress_done=700)
    site.sees("Reading: 700 of 1000")
    expect(site.page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "70")
    site.press("Cancel this run")
    site.sees("stopping at the next chunk")
    run.refresh_from_db()
    assert run.cancel_requested
    SyncRun.objects.filter(pk=run.pk).update(status=RunStatus.CANCELLED, finished_at=timezone.now())
    expect(site.page.get_by_role("progressbar")).to_have_count(0)


def test_conflict_is_resolved_with_a_click_and_carried_out(site: Site, company: Company) -> None:
    server = disputed_title(company)
    site.open("/admin/syncapp/conflict/")

    site.page.get_by_role("link", name=re.compile("Anna Petrova")).first.click()
    site.sees("Chief")
    site.sees("Director")
    site.page.get_by_role("button", name=re.compile("PBX")).first.click()
    site.sees("1 conflict was decided")

    assert Conflict.objects.get().resolution == "local"
    sync(server)
    assert company.value("anna", "title") == ["Chief"]


def test_employee_is_edited_and_the_page_says_what_waits(site: Site, company: Company) -> None:
    staffed(company)
    sync(company.server())
    employee = Employee.objects.get()
    site.open(f"/admin/syncapp/employee/{employee.pk}/change/")

    site.page.fill("input[name=extension]", "301")
    site.page.get_by_role("button", name=re.compile("^Save and continue")).click()

    site.sees("Waits for the domain")
    employee.refresh_from_db()
    assert employee.extension == "301"


def test_who_has_no_rights_sees_nothing_and_no_button(
    transactional_db: None, live_server: LiveServer, context: BrowserContext, company: Company
) -> None:
    server = company.server(name="Head office")
    User.objects.create_user("guest", password=PASSWORD, is_staff=True)
    site = begin(live_server, context)
    log_in(site, "guest")

    site.sees("Your account has no rights here yet")
    site.sees_no("Add a directory server")
    site.sees_no("Add a phone system")
    response = site.page.goto(f"{site.address}{server_page(server)}")
    assert response is not None
    assert response.status == 403


def test_whole_walk_in_russian(site: Site, company: Company) -> None:
    staffed(company)
    server = company.server(name="Головной офис")
    sync(server)
    site.page.context.add_cookies([{"name": "django_language", "value": "ru", "url": site.address}])

    site.open("/admin/")
    site.sees("Что ждёт вас")
    site.sees("Головной офис")
    site.open(server_page(server))
    site.press("Предварительный просмотр")
    site.sees("Это предварительный просмотр")
    site.open("/admin/syncapp/employee/")
    site.sees("Анна Каренина")
    site.open("/admin/syncapp/leaver/")
    expect(site.page.locator("html")).to_have_attribute("lang", "ru")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "syncapp/directoryserver/",
        "syncapp/employee/",
        "syncapp/syncrecord/",
        "syncapp/conflict/",
        "syncapp/syncrun/",
    ],
)
def test_pages_fit_a_narrow_screen(site: Site, company: Company, path: str) -> None:
    """Nothing but tables may be wider than the screen, and those scroll by themselves."""
    staffed(company)
    sync(company.server())
    site.page.set_viewport_size({"width": 390, "height": 800})

    site.open(f"/admin/{path}")

    width = site.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, f"the page is {width} pixels wide"
