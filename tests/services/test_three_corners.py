"""Directory, hub, MikoPBX: what is changed in one corner arrives in the others, and nowhere twice."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone

from fixtures.mikopbx import MikoPbx
from fixtures.mikopbx.box import Other
from syncapp.choices import RunStatus
from syncapp.core.vocabulary import Resolution
from syncapp.models import Conflict, DirectoryServer, Employee, FieldMapping, PhoneSystem, SyncRecord, SyncRun
from syncapp.services.figures import figures
from syncapp.services.schedules import keep_schedules, start_due_run
from syncapp.services.standing import Health, standing_of
from tests.services.company import Company, counted
from tests.services.corners import asked, phones_of, sync, there
from tests.services.disputes import take
from tests.telephony.conftest import FULL_KEY
from tests.telephony.conftest import pbx as pbx

pytestmark = pytest.mark.django_db(transaction=True)

ANNA = {"mail": "a.orlova@corp.example", "mobile": "+79161234567", "telephoneNumber": "201"}


@dataclass
class Corners:
    company: Company
    pbx: MikoPbx
    server: DirectoryServer
    phones: PhoneSystem

    def round(self, times: int = 1) -> list[SyncRun]:
        """Directories, then phone systems, then directories once more; return the runs of the last one."""
        runs: list[SyncRun] = []
        for _again in range(times):
            runs = [sync(self.server), sync(self.phones), sync(self.server)]
        return runs


def written(company: Company, **values: Any) -> DirectoryServer:
    """A directory that may be written to, by an account that has the right."""
    return company.server(write_back=True, bind_dn=company.directory.writer_dn, **values)


@pytest.fixture
def corners(company: Company, pbx: MikoPbx) -> Corners:
    """Anna, whom all three know; everything is agreed."""
    company.add("anna", "Anna Orlova", **ANNA)
    pbx.box.add(
        "Anna Orlova",
        number="201",
        user_email="a.orlova@corp.example",
        mobile_number="79161234567",
        mobile_dialstring="979161234567",
    )
    corners = Corners(company, pbx, written(company), phones_of(pbx))
    corners.round(2)
    asked(pbx)
    return corners


def field_of(name: str) -> Any:
    return getattr(Employee.objects.get(email="a.orlova@corp.example"), name)


@pytest.mark.promise(2)
def test_all_settled_writes_nothing_anywhere(corners: Corners) -> None:
    first, second, third = corners.round()

    assert [counted(run) for run in (first, second, third)] == [{"read": 1, "skipped": 1}] * 3
    assert asked(corners.pbx) == ["GET /employees"]


def test_new_person_gets_a_free_number_in_all_corners_in_one_round(corners: Corners) -> None:
    corners.company.add("boris", "Boris Titov", mail="b.titov@corp.example", mobile="+79160000002")

    runs = corners.round()

    number = Employee.objects.get(name="Boris Titov").extension
    made = there(corners.pbx, "Boris Titov")
    assert (made.number, made.mobile_number) == (number, "79160000002")
    assert corners.company.value("boris", "telephoneNumber") == [number]
    assert [run.status for run in runs] == [RunStatus.COMPLETED] * 3


def test_number_goes_to_the_directory_only_after_the_phone_system_has_taken_it(corners: Corners) -> None:
    corners.company.add("boris", "Boris Titov", mail="b.titov@corp.example")
    sync(corners.server)

    sync(corners.server)

    assert corners.company.value("boris", "telephoneNumber") == []
    record = SyncRecord.objects.get(employee__name="Boris Titov", endpoint=corners.server)
    assert record.waits == {"extension": ""}
    assert "number_waits_for_phones" in [each["code"] for each in record.remarks]


def test_nobody_waits_for_a_phone_system_that_does_not_serve_him(corners: Corners) -> None:
    PhoneSystem.objects.update(serves={"departments": ["Service"]})
    corners.company.add("boris", "Boris Titov", mail="b.titov@corp.example", departmentNumber="Sales")

    sync(corners.server)

    number = Employee.objects.get(name="Boris Titov").extension
    assert corners.company.value("boris", "telephoneNumber") == [number]


def test_who_waited_goes_on_when_the_phone_system_is_switched_off(corners: Corners) -> None:
    corners.company.add("boris", "Boris Titov", mail="b.titov@corp.example")
    sync(corners.server)
    PhoneSystem.objects.update(enabled=False)

    sync(corners.server)

    assert corners.company.value("boris", "telephoneNumber") == [Employee.objects.get(name="Boris Titov").extension]


def test_number_changed_in_mikopbx_travels_to_the_directory(corners: Corners) -> None:
    there(corners.pbx, "Anna Orlova").number = "240"

    corners.round()

    assert field_of("extension") == "240"
    assert corners.company.value("anna", "telephoneNumber") == ["240"]


def test_number_changed_here_goes_to_the_phone_first(corners: Corners) -> None:
    anna = Employee.objects.get()
    anna.extension = "240"
    anna.save()
    corners.pbx.box.others["240"] = Other("QUEUE", "Sales")

    corners.round()

    assert corners.company.value("anna", "telephoneNumber") == ["201"]
    del corners.pbx.box.others["240"]
    corners.round()
    assert there(corners.pbx, "Anna Orlova").number == "240"
    assert corners.company.value("anna", "telephoneNumber") == ["240"]


def test_mobile_changed_in_the_directory_travels_to_mikopbx_with_its_dial_string(corners: Corners) -> None:
    corners.company.change("anna", mobile="+7 916 765-43-21")

    corners.round()

    anna = there(corners.pbx, "Anna Orlova")
    assert (anna.mobile_number, anna.mobile_dialstring) == ("79167654321", "979167654321")


@pytest.mark.promise(5)
def test_same_field_changed_in_two_places_is_one_conflict(corners: Corners) -> None:
    corners.company.change("anna", mobile="+79161111111")
    there(corners.pbx, "Anna Orlova").mobile_number = "79162222222"
    there(corners.pbx, "Anna Orlova").mobile_dialstring = "979162222222"

    corners.round(2)

    conflict = Conflict.objects.get(closed_at__isnull=True)
    assert (conflict.endpoint_id, conflict.field) == (corners.phones.pk, "mobile")
    assert (conflict.local, conflict.remote) == ("+79161111111", "+79162222222")


@pytest.mark.parametrize(("side", "mobile"), [(Resolution.LOCAL, "+79161111111"), (Resolution.REMOTE, "+79162222222")])
def test_decision_arrives_in_all_corners(corners: Corners, side: Resolution, mobile: str) -> None:
    test_same_field_changed_in_two_places_is_one_conflict(corners)

    take(side)
    corners.round()

    assert field_of("mobile") == mobile
    assert corners.company.value("anna", "mobile") == [mobile]
    assert there(corners.pbx, "Anna Orlova").mobile_number == mobile[1:]
    assert not Conflict.objects.filter(closed_at__isnull=True).exists()


@pytest.mark.promise(3)
def test_nobody_is_deleted_by_a_departure_in_another_corner(corners: Corners) -> None:
    corners.company.delete("anna")

    corners.round()

    assert there(corners.pbx, "Anna Orlova").number == "201"
    assert field_of("extension") == "201"


@pytest.mark.promise(3)
def test_who_is_removed_in_mikopbx_stays_in_the_other_corners_and_is_not_made_again(corners: Corners) -> None:
    corners.pbx.box.remove(there(corners.pbx, "Anna Orlova").id)

    corners.round(2)

    assert corners.pbx.box.employees == {}
    assert corners.company.value("anna", "telephoneNumber") == ["201"]
    assert field_of("extension") == "201"


def test_numbers_owned_by_the_phone_system_are_only_pushed_to_the_directory(company: Company, pbx: MikoPbx) -> None:
    """Ownership is direction and policy: what somebody types into the directory is a difference."""
    company.add("anna", "Anna Orlova", **ANNA)
    pbx.box.add("Anna Orlova", number="301", user_email="a.orlova@corp.example")
    server = written(company, pool=None)
    for field, attribute, direction in [("name", "displayName", "pull"), ("email", "mail", "pull")]:
        FieldMapping.objects.create(endpoint=server, field=field, attribute=attribute, direction=direction)
    FieldMapping.objects.create(
        endpoint=server, field="extension", attribute="telephoneNumber", direction="push", policy="local_wins"
    )
    corners = Corners(company, pbx, server, phones_of(pbx))

    corners.round(2)

    assert field_of("extension") == "301"
    assert company.value("anna", "telephoneNumber") == ["301"]
    company.change("anna", telephoneNumber="555")
    corners.round()
    assert (field_of("extension"), there(pbx, "Anna Orlova").number) == ("301", "301")


@pytest.mark.promise(6)
def test_issued_number_gives_way_to_the_phone_s_and_the_directory_is_corrected(company: Company, pbx: MikoPbx) -> None:
    company.add("anna", "Anna Orlova", mail="a.orlova@corp.example")
    server = written(company)
    sync(server)
    sync(server)
    assert company.value("anna", "telephoneNumber") == ["200"]
    pbx.box.add("Anna Orlova", number="301", user_email="a.orlova@corp.example")

    Corners(company, pbx, server, phones_of(pbx)).round()

    assert field_of("extension") == "301"
    assert company.value("anna", "telephoneNumber") == ["301"]


def test_brakes_hold_what_would_be_written_to_too_many_phones(corners: Corners) -> None:
    PhoneSystem.objects.update(limits={"written_back": [0, 0, 0]})
    corners.phones.refresh_from_db()
    corners.company.change("anna", mobile="+79167654321")
    sync(corners.server)

    run = sync(corners.phones)

    assert (run.status, run.error_code) == (RunStatus.HELD, "limit_written_back")
    assert there(corners.pbx, "Anna Orlova").mobile_number == "79161234567"


def test_one_scheduled_run_is_followed_through_all_corners(corners: Corners) -> None:
    """The directory's run brings a newcomer, the phone system makes him, the directory gets the number: then all is quiet."""
    for endpoint in (corners.server, corners.phones):
        endpoint.schedule = {"every_minutes": 60}
        endpoint.save()
    keep_schedules()
    corners.company.add("boris", "Boris Titov", mail="b.titov@corp.example")
    last = SyncRun.objects.latest("id").pk

    start_due_run(corners.server.pk)

    assert corners.company.value("boris", "telephoneNumber") == ["200"]
    assert there(corners.pbx, "Boris Titov").number == "200"
    runs = SyncRun.objects.filter(pk__gt=last).order_by("id")
    assert [(run.endpoint_id, run.read, run.status) for run in runs] == [
        (corners.server.pk, "incremental", "completed"),
        (corners.phones.pk, "full", "completed"),
        (corners.server.pk, "person", "completed"),
    ]


def test_phone_systems_stand_in_status_and_metrics_like_servers(corners: Corners) -> None:
    corners.phones.schedule = {"every_minutes": 60}
    corners.phones.save()

    standing = standing_of(corners.phones.pk)

    assert (standing.health, standing.may_apply, standing.why_not) == (Health.OK, True, None)
    assert standing.next_run is not None
    told = {figure.name: figure.samples for figure in figures(now=timezone.now())}
    assert ((corners.phones.name, "ok"), 1.0) in told["server_health"]


def test_refused_key_stops_the_schedule_until_somebody_acts(corners: Corners) -> None:
    corners.phones.schedule = {"every_minutes": 60}
    corners.phones.set_secret("wrong")
    corners.phones.save()

    run = sync(corners.phones)

    assert (run.status, run.error_code) == (RunStatus.FAILED, "phone_key_refused")
    assert standing_of(corners.phones.pk).health == Health.STOPPED
    corners.phones.set_secret(FULL_KEY)
    corners.phones.save()
    assert standing_of(corners.phones.pk).health == Health.FAILING


def test_secret_that_is_changed_in_the_directory_travels_to_the_phone(corners: Corners) -> None:
    """The one that the directory had when it was first asked for secrets does not: the phone has its own."""
    first, second, third = "Kp4vTz8RmQ2wYs6BnH3d", "Rt7mWq3ZxB9nLc5KpD2f", "Aw7mWq3ZxB9nLc5KpD2g"
    anna = there(corners.pbx, "Anna Orlova")
    anna.sip_secret = first
    corners.company.change("anna", pager=second)
    FieldMapping.objects.create(endpoint=corners.server, field="sip_secret", attribute="pager", direction="pull")
    corners.round()
    assert anna.sip_secret == first

    corners.company.change("anna", pager=third)
    runs = corners.round()
    settled = corners.round()

    assert anna.sip_secret == third
    assert [run.counts["failed"] for run in runs] == [0, 0, 0]
    assert [counted(run) for run in settled] == [{"read": 1, "skipped": 1}] * 3
