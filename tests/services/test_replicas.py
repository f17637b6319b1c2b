"""Two controllers of one directory, of which the second is behind (rule B12).

They are two servers with the same entries and ids; what one of them is told the
other one learns when a test says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.utils import timezone

from fixtures.openldap import OpenLdap
from syncapp.models import Conflict, DirectoryServer, Employee, FieldMapping, RunItem, SyncRecord
from syncapp.services.explain import explain_record
from syncapp.store.items import dump_written, load_written
from tests.directory.replicas import replica_of
from tests.services.company import Company, apply, counted, sync
from tests.services.test_photo_runs import choose
from tests.services.test_pictures import drawn

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Replica(Company):
    """The company as another server has it."""

    def __post_init__(self) -> None:
        self.ldap = self.directory.connect()


@dataclass
class Pair:
    """`first` and `second` are the two controllers, in the order in which the server's settings name them."""

    server: DirectoryServer
    first: Replica
    second: Replica

    def fail_over(self) -> None:
        """The first cannot be reached any more."""
        self.first.directory.stop()

    def fail_back(self) -> None:
        self.first.directory.start()
        self.first.ldap = self.first.directory.connect()
        self.second.directory.stop()


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Anna and Boris, synchronised by the first controller; the server may be written to."""
    with OpenLdap() as directory:
        company = Company(directory)
        company.add("anna", "Anna Petrova", mail="anna@example.test", telephoneNumber="215", title="Boss")
        company.add("boris", "Boris Sidorov", mail="boris@example.test", telephoneNumber="216")
        company.ldap.unbind_s()
        with replica_of(directory) as second:
            server = company.server(
                write_back=True, bind_dn=directory.writer_dn, uris=[directory.uri, second.uri], pool=None
            )
            for field, attribute in {"name": "displayName", "email": "mail", "extension": "telephoneNumber"}.items():
                FieldMapping.objects.create(endpoint=server, field=field, attribute=attribute, direction="both")
            FieldMapping.objects.create(endpoint=server, field="title", attribute="title", direction="both")
            assert counted(sync(server)) == {"read": 2, "created": 2}
            yield Pair(server, Replica(directory, company.base), Replica(second, company.base))


def edit(**values: str) -> None:
    assert Employee.objects.filter(name="Anna Petrova").update(**values) == 1


def anna() -> tuple[Employee, SyncRecord]:
    record = SyncRecord.objects.select_related("employee").get(employee__name="Anna Petrova")
    assert record.employee is not None
    return record.employee, record


def remarks() -> list[str]:
    return [remark["code"] for remark in anna()[1].remarks]


def written_ago(hours: float) -> None:
    """Have all that is remembered be so old."""
    for record in SyncRecord.objects.exclude(written={}):
        at = timezone.now() - timedelta(hours=hours)
        aged = {name: write._replace(at=at) for name, write in load_written(record.written).items()}
        SyncRecord.objects.filter(pk=record.pk).update(written=dump_written(aged))


SETTLED = {"read": 2, "skipped": 2}


@pytest.mark.promise(5)
def test_controller_that_is_behind_takes_nothing_back(pair: Pair) -> None:
    edit(extension="301", title="Chief")
    assert counted(sync(pair.server)) == {"read": 2, "written_back": 1, "skipped": 1}
    pair.fail_over()
    before = pair.second.directory.modifications()

    behind = [sync(pair.server), sync(pair.server)]

    employee, record = anna()
    assert [run.uri for run in behind] == [pair.second.directory.uri] * 2
    assert [counted(run) for run in behind] == [SETTLED, SETTLED]
    assert (employee.extension, employee.title) == ("301", "Chief")
    assert (record.base["extension"], record.base["title"]) == (["301", "301"], ["Chief", "Chief"])
    assert (remarks(), record.fingerprint) == (["write_behind"] * 2, "")
    assert not Conflict.objects.exists()
    assert not RunItem.objects.filter(run__in=behind).exists()
    assert pair.second.directory.modifications() == before

    pair.second.change("anna", telephoneNumber="301", title="Chief")
    caught_up = sync(pair.server)

    assert counted(caught_up) == SETTLED
    assert (remarks(), bool(anna()[1].fingerprint)) == ([], True)
    assert counted(sync(pair.server)) == SETTLED


@pytest.mark.promise(5)
def test_controller_that_is_behind_with_what_is_no_number_takes_nothing_back(pair: Pair) -> None:
    edit(title="Chief")
    sync(pair.server)
    pair.fail_over()

    behind = [sync(pair.server), sync(pair.server)]

    employee, record = anna()
    assert [counted(run) for run in behind] == [SETTLED, SETTLED]
    assert (employee.title, record.base["title"]) == ("Chief", ["Chief", "Chief"])
    assert (remarks(), record.fingerprint) == (["write_behind"], "")
    assert not Conflict.objects.exists()


def test_field_that_is_read_in_another_way_than_it_was_written_is_not_behind(pair: Pair) -> None:
    """What stands in the other attribute is nobody's delay: a person decides (rule B8)."""
    pair.second.change("anna", description="Boss")
    edit(title="Chief")
    sync(pair.server)
    pair.fail_over()
    FieldMapping.objects.filter(field="title").update(attribute="description")

    run = sync(pair.server, force=True)

    assert (run.counts["conflicts"], remarks()) == (1, [])
    assert anna()[0].title == "Chief"


def test_newer_value_of_ours_waits_until_the_controller_has_caught_up(pair: Pair) -> None:
    """Written over the old one it would be a conflict, and overtaken by what is on its way."""
    edit(extension="301")
    sync(pair.server)
    pair.fail_over()
    edit(extension="302")

    behind = sync(pair.server)
    pair.second.change("anna", telephoneNumber="301")
    caught_up = sync(pair.server)

    assert counted(behind) == SETTLED
    assert counted(caught_up) == {"read": 2, "written_back": 1, "skipped": 1}
    assert pair.second.value("anna", "telephoneNumber") == ["302"]
    assert not Conflict.objects.exists()


def test_controller_that_is_two_writes_behind_takes_nothing_back(pair: Pair) -> None:
    for number in ("301", "302"):
        edit(extension=number)
        sync(pair.server)
    pair.fail_over()

    runs = [sync(pair.server)]
    pair.second.change("anna", telephoneNumber="301")
    runs.append(sync(pair.server))

    assert [counted(run) for run in runs] == [SETTLED, SETTLED]
    assert anna()[0].extension == "302"


def test_old_value_after_a_day_is_somebody_who_set_it_back(pair: Pair) -> None:
    edit(extension="301")
    sync(pair.server)
    pair.fail_over()
    sync(pair.server)
    written_ago(25)

    run = sync(pair.server)

    assert counted(run) == {"read": 2, "updated": 1, "renumbered": 1, "skipped": 1}
    assert anna()[0].extension == "215"


def test_old_value_where_we_wrote_is_somebody_who_set_it_back(pair: Pair) -> None:
    edit(extension="301")
    sync(pair.server)
    pair.first.change("anna", telephoneNumber="215")

    assert counted(sync(pair.server)) == {"read": 2, "updated": 1, "renumbered": 1, "skipped": 1}
    assert anna()[0].extension == "215"


def test_old_value_is_a_change_once_the_controller_has_shown_ours(pair: Pair) -> None:
    edit(extension="301")
    sync(pair.server)
    pair.fail_over()
    sync(pair.server)
    pair.second.change("anna", telephoneNumber="301")
    sync(pair.server)
    pair.second.change("anna", telephoneNumber="215")

    assert counted(sync(pair.server)) == {"read": 2, "updated": 1, "renumbered": 1, "skipped": 1}


def test_another_value_on_the_other_controller_is_a_change(pair: Pair) -> None:
    edit(extension="301")
    sync(pair.server)
    pair.fail_over()
    pair.second.change("anna", telephoneNumber="400")

    sync(pair.server)

    assert anna()[0].extension == "400"


def test_explanation_tells_the_delay_from_a_change(pair: Pair) -> None:
    edit(extension="301")
    sync(pair.server)
    pair.fail_over()

    [told] = explain_record(anna()[1]).servers

    [story] = [each for each in told.fields if each.field == "extension"]
    assert (story.decision, story.why.code) == ("behind", "why_behind")
    assert [effect.code for effect in story.effects] == ["write_behind"]


def test_preview_and_plan_on_a_controller_that_is_behind_show_nothing(pair: Pair) -> None:
    edit(extension="301")
    sync(pair.server)
    pair.fail_over()

    preview = sync(pair.server, preview=True)
    run = apply(preview)

    assert (counted(preview), preview.uri) == (SETTLED, pair.second.directory.uri)
    assert (run.status, run.uri, anna()[0].extension) == ("completed", pair.second.directory.uri, "301")


def test_server_stays_with_the_controller_that_it_used_last(pair: Pair) -> None:
    """The first one is back, and behind: what was written to the second meanwhile must not be taken for undone."""
    pair.fail_over()
    sync(pair.server)
    pair.first.directory.start()
    edit(extension="301")

    runs = [sync(pair.server), sync(pair.server, preview=True), sync(pair.server)]

    assert {run.uri for run in runs} == {pair.second.directory.uri}
    assert pair.second.value("anna", "telephoneNumber") == ["301"]
    pair.first.ldap = pair.first.directory.connect()
    assert pair.first.value("anna", "telephoneNumber") == ["215"]


def test_reads_and_writes_of_a_run_are_on_one_connection(pair: Pair) -> None:
    edit(extension="301")
    before = [pair.first.directory.operations(), pair.second.directory.operations()]

    sync(pair.server)

    after = [pair.first.directory.operations(), pair.second.directory.operations()]
    done = [
        {kind: now[kind] - then[kind] for kind in ("Bind", "Modify")} for then, now in zip(before, after, strict=True)
    ]
    # One bind of each pair is that of whoever counts.
    assert done == [{"Bind": 2, "Modify": 1}, {"Bind": 1, "Modify": 0}]


@pytest.mark.promise(9)
@pytest.mark.parametrize("used_last", ["first", "second"])
def test_refused_password_is_tried_once_and_on_one_controller(pair: Pair, used_last: str) -> None:
    """Three controllers, three wrong passwords: the account would be locked."""
    if used_last == "second":
        pair.fail_over()
        sync(pair.server)
        pair.first.directory.start()
    pair.server.set_secret("wrong")
    pair.server.save()
    before = [pair.first.directory.operations()["Bind"], pair.second.directory.operations()["Bind"]]

    run = sync(pair.server)

    after = [pair.first.directory.operations()["Bind"], pair.second.directory.operations()["Bind"]]
    tried = [now - then - 1 for then, now in zip(before, after, strict=True)]  # one is that of whoever counts
    assert (run.status, run.error_code) == ("failed", "login_refused")
    assert tried == ([1, 0] if used_last == "first" else [0, 1])


def _newcomer(pair: Pair) -> None:
    pair.first.add("carl", "Carl Moore", mail="carl@example.test", telephoneNumber="217")


@pytest.mark.promise(3)
@pytest.mark.parametrize("by_plan", [False, True], ids=["run", "plan"])
def test_newcomer_who_is_not_there_yet_is_not_deleted(pair: Pair, by_plan: bool) -> None:
    """Nobody is archived because of a controller that does not know him yet, and he is the same person afterwards."""
    _newcomer(pair)
    first = sync(pair.server, preview=by_plan)
    if by_plan:
        first = apply(first)
    pair.fail_over()

    runs = [sync(pair.server), sync(pair.server)]
    record = SyncRecord.objects.get(name="Carl Moore")
    pair.fail_back()
    back = sync(pair.server)

    assert counted(first)["created"] == 1
    assert [counted(run).get("missing", 0) for run in runs] == [1, 0]
    assert (record.state, record.message_code) == ("missing", "missing_not_on_this_controller")
    assert record.message_params == {"uri": pair.second.directory.uri, "shown_by": pair.first.directory.uri}
    assert counted(back) == {"read": 3, "updated": 1, "returned": 1, "skipped": 2}
    assert Employee.objects.count() == 3


def test_person_whom_nobody_wrote_costs_nothing(pair: Pair) -> None:
    assert not SyncRecord.objects.exclude(written={}).exists()
    edit(extension="301")
    sync(pair.server)

    assert [record.name for record in SyncRecord.objects.exclude(written={})] == ["Anna Petrova"]


@pytest.mark.promise(5)
def test_photo_on_a_controller_that_is_behind_is_not_taken_back(pair: Pair) -> None:
    FieldMapping.objects.create(endpoint=pair.server, field="photo", attribute="jpegPhoto", direction="both")
    for each in (pair.first, pair.second):
        each.change("anna", jpegPhoto=drawn(size=(90, 120)))
    sync(pair.server)
    photo = choose(drawn(size=(600, 400)))
    assert counted(sync(pair.server))["written_back"] == 1
    pair.fail_over()

    run = sync(pair.server)

    assert counted(run) == SETTLED
    assert (anna()[0].photo, remarks()) == (photo, ["write_behind"])
