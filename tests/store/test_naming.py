"""Which words fit a row, and what it costs to know."""

from typing import Any

import pytest

from syncapp.choices import RunMode
from syncapp.messages.naming import OF_ANY, OF_DIRECTORY, OF_PHONES, Naming
from syncapp.models import RunItem, SyncRecord, SyncRun
from syncapp.store.naming import naming_of, with_naming
from tests.factories import make_phone_system, make_record, make_server

pytestmark = pytest.mark.django_db


def edit(record: SyncRecord | None) -> RunItem:
    return RunItem.objects.create(run=SyncRun.objects.create(mode=RunMode.EDIT), record=record)


def rows() -> dict[str, tuple[Any, Naming]]:
    """Rows of all kinds, each with its words."""
    there, here = make_record(endpoint=make_phone_system()), make_record(endpoint=make_server())
    run = SyncRun.objects.create(endpoint=there.endpoint)
    return {
        "record of a phone system": (there, OF_PHONES),
        "record of a directory": (here, OF_DIRECTORY),
        "run": (run, OF_PHONES),
        "edit": (edit(None).run, OF_ANY),
        "item": (RunItem.objects.create(run=run, record=there), OF_PHONES),
        "item of a decision": (edit(there), OF_PHONES),
        "item of a decision about an entry": (edit(here), OF_DIRECTORY),
        "item of an edit": (edit(None), OF_ANY),
    }


def test_rows_have_the_words_of_their_endpoint() -> None:
    made = rows()

    assert {name: naming_of(row) for name, (row, _naming) in made.items()} == {
        name: naming for name, (_row, naming) in made.items()
    }


def test_rows_of_a_list_bring_their_words_along(django_assert_num_queries: Any) -> None:
    made = rows()

    with django_assert_num_queries(3):
        found = {
            (model, row.pk): naming_of(row)
            for model in (SyncRecord, SyncRun, RunItem)
            for row in with_naming(model.objects.order_by("pk"))
        }

    assert found.items() >= {((type(row), row.pk), naming) for row, naming in made.values()}


def test_row_is_looked_up_once(django_assert_num_queries: Any) -> None:
    record = SyncRecord.objects.get(pk=make_record(endpoint=make_phone_system()).pk)

    with django_assert_num_queries(1):
        assert [naming_of(record), naming_of(record)] == [OF_PHONES, OF_PHONES]
