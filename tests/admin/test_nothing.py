"""Lists that are empty say what to do next, to everybody what he may."""

import pytest
from django.test import Client

from tests.admin.pages import page, text
from tests.factories import make_employee, make_record

LISTS = {
    "directoryserver": ("No directory server is set up yet", "syncapp_directoryserver_add"),
    "employee": ("Nobody is here yet", "syncapp_employee_import"),
    "syncrecord": ("No entry of a directory is known yet", "syncapp_directoryserver_changelist"),
    "conflict": ("Nothing waits for a decision", "syncapp_conflict_changelist"),
    "leaver": ("Nobody has left", ""),
    "syncrun": ("Nothing was synchronised yet", "syncapp_directoryserver_changelist"),
    "runitem": ("nothing was changed", ""),
    "numberpool": ("No number pool yet", "syncapp_numberpool_add"),
}


def listed(client: Client, model: str, query: str = "") -> str:
    return text(client.get(page(f"syncapp_{model}_changelist", query=query)))


@pytest.mark.parametrize(("model", "expected"), LISTS.items(), ids=LISTS)
def test_empty_list_says_what_to_do_next(admin_client: Client, model: str, expected: tuple[str, str]) -> None:
    said, leads_to = expected

    shown = listed(admin_client, model).partition('class="sync-nothing"')[2]

    assert said in shown
    assert not leads_to or page(leads_to) in shown


@pytest.mark.parametrize("model", ["directoryserver", "employee", "numberpool"])
def test_nobody_is_sent_where_he_may_not_go(viewer_client: Client, model: str) -> None:
    shown = listed(viewer_client, model)

    for name in ("directoryserver_add", "employee_import", "employee_add", "numberpool_add"):
        assert page(f"syncapp_{name}") not in shown


FILTERS = {
    "search": ("q=nobody", "Nothing fits “nobody”."),
    "both": ("q=nobody&department=IT", "Nothing fits “nobody” and the chosen filters."),
    "filter": ("department=IT", "Nothing fits the chosen filters."),
}


@pytest.mark.parametrize(("query", "said"), FILTERS.values(), ids=FILTERS)
def test_list_that_filters_have_emptied_says_so(admin_client: Client, query: str, said: str) -> None:
    make_employee(name="Anna", department="Sales")

    shown = listed(admin_client, "employee", query)

    assert said in shown
    assert "Nobody is here yet" not in shown


def test_items_without_filters_are_still_those_of_their_run(admin_client: Client) -> None:
    make_record()

    response = admin_client.get(
        page("syncapp_runitem_changelist", query="run__id__exact=7&q=x&outcome__exact=failed&p=2")
    )

    assert response.context["cl"].unfiltered_query == "?run__id__exact=7"
