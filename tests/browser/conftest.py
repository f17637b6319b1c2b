"""A real browser on the real site: Debian's Chromium, steered by Playwright."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from fixtures.openldap import OpenLdap
from tests.conftest import skip_or_fail
from tests.services.company import Company

# Nothing but pages: no sandbox, for root has none, and no calls of the browser's own.
_SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
PASSWORD = "correct horse"
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
    )
    if not path:
        skip_or_fail("Chromium is not installed (Debian package chromium)")
    # Playwright turns in an event loop of its own, in which Django would rather not be called.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_SWITCHES)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@dataclass
class Site:
    """The site as somebody sees it who is logged in."""

    address: str
    page: Page
    complaints: list[str] = field(default_factory=list)  # of the browser's console

    def open(self, path: str) -> None:
        self.page.goto(f"{self.address}{path}")

    def press(self, name: str | re.Pattern[str]) -> None:
        self.page.get_by_role("button", name=name).or_(self.page.get_by_role("link", name=name)).first.click()

    def sees(self, text: str | re.Pattern[str]) -> None:
        """Wait until the text is there to be read."""
        expect(self.page.get_by_text(text).filter(visible=True).first).to_be_visible()

    def sees_no(self, name: str) -> None:
        """No button and no link of this name."""
        expect(self.page.get_by_role("button", name=name)).to_have_count(0)
        expect(self.page.get_by_role("link", name=name)).to_have_count(0)


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 1400, "height": 900}, locale="en-GB")
    context.set_default_timeout(30_000)
    yield context
    context.close()


@pytest.fixture
def site(transactional_db: None, live_server: LiveServer, context: BrowserContext) -> Iterator[Site]:
    """Logged in as an administrator, by the log-in page. Whatever the console complains of fails the test."""
    User.objects.create_superuser("admin", password=PASSWORD)
    site = begin(live_server, context)
    log_in(site, "admin")
    yield site
    assert site.complaints == []


def begin(live_server: LiveServer, context: BrowserContext) -> Site:
    site = Site(live_server.url, context.new_page())
    site.page.on("console", lambda message: site.complaints.append(message.text) if message.type == "error" else None)
    site.page.on("pageerror", lambda error: site.complaints.append(str(error)))
    return site


def log_in(site: Site, name: str) -> None:
    site.open("/admin/")
    site.page.fill("input[name=username]", name)
    site.page.fill("input[name=password]", PASSWORD)
    site.page.click("button[type=submit]")
    expect(site.page.locator("#nav-sidebar, #content-main").first).to_be_attached()


@pytest.fixture
def company(openldap: OpenLdap) -> Company:
    return Company(openldap)
