"""What is remembered of our writes, for controllers that have not got them yet (rule B12)."""

from datetime import UTC, datetime, timedelta

import pytest

from syncapp.core.planned import FieldChange
from syncapp.core.records import Base, Written
from syncapp.core.vocabulary import Field, Side
from syncapp.models import SyncRecord, SyncRun
from syncapp.store.items import dump_written, iter_planned, load_written
from syncapp.store.sent import Sent, last_uri, store_sent
from syncapp.store.snapshots import known_records
from tests.factories import make_server
from tests.store.plans import carry_out, creation, look_again, make_run, make_tied, touch, update

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HERE, THERE = "ldaps://dc1", "ldaps://dc2"
EARLIER = {
    Field.MOBILE: Written(("+79160000000",), NOW - timedelta(hours=5), (HERE,)),
    Field.EXTENSION: Written(("201",), NOW - timedelta(hours=5), (HERE, THERE)),
    Field.DEPARTMENT: Written(("Sales",), NOW - timedelta(days=2), (HERE,)),
}


def sent(record: SyncRecord, **values: tuple[str, str]) -> SyncRun:
    """Write these fields to the domain, each in the place of its first value, and store that."""
    run = make_run(record.endpoint)
    changes = tuple(FieldChange(Field(name), Side.REMOTE, *change) for name, change in values.items())
    carry_out(run, update(record)._replace(changes=changes))
    [rows] = iter_planned(run.pk, outcome="writing")
    done = [
        Sent(
            row,
            agreed={Field(name): Base(after, after) for name, (_before, after) in values.items()},
            replaced={Field(name): before for name, (before, _after) in values.items()},
        )
        for row in rows
    ]
    store_sent(run, done, uri=THERE, now=NOW, beat=lambda: None)
    record.refresh_from_db()
    return run


def test_write_is_remembered_with_what_it_replaced_when_and_where() -> None:
    record = make_tied(make_server(), title="Chief")

    sent(record, title=("Boss", "Chief"))

    assert load_written(record.written) == {Field.TITLE: Written(("Boss",), NOW, (THERE,))}
    assert record.base["title"] == ["Chief", "Chief"]
    [known] = known_records(record.endpoint_id, [record.pk]).values()
    assert known.written == load_written(record.written)


def test_later_write_adds_to_an_earlier_one_and_old_ones_go() -> None:
    record = make_tied(make_server(), extension="301")
    SyncRecord.objects.filter(pk=record.pk).update(written=dump_written(EARLIER))

    sent(record, extension=("250", "301"))

    assert load_written(record.written) == {
        Field.MOBILE: EARLIER[Field.MOBILE],
        Field.EXTENSION: Written(("201", "250"), NOW, (THERE,)),
    }


def test_what_did_not_go_out_is_not_remembered() -> None:
    """It stood there already, or was refused."""
    record = make_tied(make_server(), title="Chief")
    run = make_run(record.endpoint)
    change = FieldChange(Field.TITLE, Side.REMOTE, "Boss", "Chief")
    carry_out(run, update(record)._replace(changes=(change,)))
    [[row]] = iter_planned(run.pk, outcome="writing")

    store_sent(run, [Sent(row, agreed={Field.TITLE: Base("Chief", "Chief")})], uri=THERE, now=NOW, beat=lambda: None)

    record.refresh_from_db()
    assert record.written == {}


def test_look_without_news_stores_what_is_left_to_remember() -> None:
    record = make_tied(make_server(), title="Chief")
    SyncRecord.objects.filter(pk=record.pk).update(written=dump_written(EARLIER))
    left = {Field.MOBILE: EARLIER[Field.MOBILE]._replace(uris=(HERE, THERE))}

    look_again(make_run(record.endpoint), touch(record, written=left))

    record.refresh_from_db()
    assert load_written(record.written) == left


def test_new_record_remembers_nothing() -> None:
    carry_out(make_run(make_server()), creation("Anna Petrova"))

    assert SyncRecord.objects.get().written == {}


USED = {
    # id: runs as (mode, status, address), the address that is used first
    "none": ([], ""),
    "applied": ([("apply", "completed", HERE), ("apply", "partial", THERE)], THERE),
    "ended_on_the_way": ([("apply", "completed", HERE), ("apply", "failed", THERE)], THERE),
    "never_got_there": ([("apply", "completed", HERE), ("apply", "failed", "")], HERE),
    "previewed": ([("apply", "completed", HERE), ("preview", "completed", THERE)], HERE),
}


@pytest.mark.parametrize(("runs", "first"), USED.values(), ids=USED.keys())
def test_last_uri_is_that_of_the_last_run_that_could_write(runs: list[tuple[str, str, str]], first: str) -> None:
    server = make_server()
    for mode, status, uri in runs:
        SyncRun.objects.create(endpoint=server, mode=mode, status=status, uri=uri)
    SyncRun.objects.create(endpoint=make_server(), mode="apply", status="completed", uri="ldaps://elsewhere")

    assert last_uri(server.pk) == first
