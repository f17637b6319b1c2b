"""Nothing is wider than the window, in the language with the longer words."""

import pytest
from django.utils import timezone

from syncapp.choices import MatterKind, RunMode, RunStatus, Side, State, Status
from syncapp.models import Conflict, EndpointPool, RunItem, SyncRun
from tests.browser.conftest import Site
from tests.factories import make_employee, make_pool, make_record, make_server

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(180)]

# On a narrow screen the lists of the theme are cards; tables within a page scroll by themselves.
SCROLLING = """[...document.querySelectorAll("#changelist *")].filter(
    (each) => each.clientWidth && each.scrollWidth > each.clientWidth + 1
        && ["auto", "scroll"].includes(getComputedStyle(each).overflowX)
).length"""


def rows() -> list[str]:
    """Fill what the pages show with texts as long as real ones; return the addresses of the pages."""
    server, other = make_server(name="Головной офис"), make_server(name="Филиал в Нижнем Новгороде", rank=2)
    pool = make_pool(name="Сотрудники головного офиса")
    EndpointPool.objects.create(endpoint=server, pool=pool)
    employee = make_employee(
        name="Константинопольский Александр Владимирович", email="konstantinopolskiy.alexander@head-office.example.test",
        mobile="+79161234567", extension="215", department="Департамент информационных технологий",
        title="Руководитель направления", photo="a" * 64,
    )  # fmt: skip
    dn = "cn=Константинопольский Александр,ou=Департамент информационных технологий,dc=head-office,dc=example,dc=test"
    values = [employee.email, employee.email, 1]
    for endpoint in (server, other):
        record = make_record(
            endpoint=endpoint, employee=employee, name=employee.name, dn=dn, status=Status.CONFLICT,
            state=State.DISABLED, state_since=timezone.now(), updated_at=timezone.now(), updated_side=Side.BOTH,
            message_code="value_not_mobile", message_params={"value": "спросить у секретаря", "attribute": "mobile"},
            base={"email": values, "department": [employee.department, employee.department]},
        )  # fmt: skip
    conflict = Conflict.objects.create(
        endpoint=other, record=record, kind=MatterKind.NUMBER_CLAIMED_TWICE, field="extension", base="215", local="215",
        remote="216", candidates=[{"employee": employee.pk, "agrees": ["name", "extension"], "disagrees": ["mobile"]}],
    )  # fmt: skip
    run = SyncRun.objects.create(
        endpoint=other, mode=RunMode.PREVIEW, status=RunStatus.PARTIAL, who="konstantinopolskiy",
        started_at=timezone.now(), finished_at=timezone.now(),
        counts=dict.fromkeys(("read", "created", "updated", "conflicts", "proposed", "failed"), 12345),
    )  # fmt: skip
    change = {"field": "department", "side": "pbx", "before": "Отдел продаж", "after": employee.department}
    RunItem.objects.create(
        run=run, employee=employee, record=record, name=employee.name, dn=dn, expected="updated", changes=[change],
        plan={"action": "update", "state_changed": False},
    )  # fmt: skip
    return [
        "",
        "syncapp/directoryserver/",
        f"syncapp/directoryserver/{server.pk}/change/",
        "syncapp/employee/",
        f"syncapp/employee/{employee.pk}/change/",
        "syncapp/employee/import/",
        f"syncapp/employee/explain/?employee={employee.pk}",
        "syncapp/leaver/",
        "syncapp/syncrecord/",
        f"syncapp/syncrecord/{record.pk}/change/",
        "syncapp/conflict/",
        f"syncapp/conflict/{conflict.pk}/change/",
        "syncapp/syncrun/",
        f"syncapp/syncrun/{run.pk}/change/",
        f"syncapp/runitem/?run__id__exact={run.pk}",
        "syncapp/numberpool/",
        f"syncapp/numberpool/{pool.pk}/change/",
    ]


@pytest.mark.parametrize("width", [420, 1280])
def test_no_page_is_wider_than_the_window_in_russian(site: Site, width: int) -> None:
    pages = rows()
    site.page.context.add_cookies([{"name": "django_language", "value": "ru", "url": site.address}])
    site.page.set_viewport_size({"width": width, "height": 900})

    too_wide = {}
    for path in pages:
        site.open(f"/admin/{path}")
        found = site.page.evaluate("document.documentElement.scrollWidth")
        if found > width or site.page.evaluate(SCROLLING):
            too_wide[path] = found

    assert too_wide == {}


@pytest.mark.parametrize("width", [420, 1280])
def test_message_of_a_record_is_cut_where_the_mouse_can_show_all_of_it_alone(site: Site, width: int) -> None:
    """Beside other columns it has three lines; a telephone has room for it, and no mouse."""
    make_record(message_code="value_not_mobile", message_params={"value": "ask Anna " * 20, "attribute": "mobile"})
    site.page.set_viewport_size({"width": width, "height": 900})

    site.open("/admin/syncapp/syncrecord/")

    lines, is_cut = site.page.locator(".sync-brief").evaluate(
        "each => [each.clientHeight / parseFloat(getComputedStyle(each).lineHeight), each.scrollHeight > each.clientHeight]"
    )
    cell_is_cut = site.page.locator("td.field-brief_message").evaluate(
        "each => each.scrollHeight > each.clientHeight + 1"
    )
    assert (round(lines) > 3, is_cut, cell_is_cut) == ((True, False, False) if width == 420 else (False, True, False))
