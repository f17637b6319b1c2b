"""Deciding which of two values is right, on the page of a conflict and in the list."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from syncapp.choices import MatterKind, RunStatus, Status
from syncapp.models import Conflict, DirectoryServer, Employee, FieldMapping, Photo, SyncRecord, SyncRun
from syncapp.services.disputes import seen_of
from tests.admin.pages import page, text
from tests.factories import make_employee, make_record, make_server

LIST = "syncapp_conflict_changelist"
CHANGE = "syncapp_conflict_change"
DECIDE = "syncapp_conflict_decide"
LATER, NOW = "The next run carries it out.", "the run is in the queue"


@pytest.fixture
def server(db: None) -> DirectoryServer:
    """A server that may be written to; it is never asked."""
    server = make_server(name="Head office", write_back=True)
    for field, attribute in (
        ("title", "title"), ("extension", "telephoneNumber"), ("photo", "jpegPhoto"), ("sip_secret", "pager"),
    ):  # fmt: skip
        FieldMapping.objects.create(endpoint=server, field=field, attribute=attribute, direction="both")
    return server


def dispute(server: DirectoryServer, **values: Any) -> Conflict:
    """Two values of one person; the title where nothing else is said."""
    conflict = Conflict(
        **{"kind": MatterKind.FIELD, "field": "title", "base": "Boss", "local": "Chief", "remote": "Director", **values}
    )
    column = "sip_secret_mark" if conflict.field == "sip_secret" else conflict.field
    employee = make_employee(**{column: conflict.local})
    conflict.endpoint = server
    conflict.record = make_record(
        endpoint=server,
        employee=employee,
        name=employee.name,
        status=Status.CONFLICT,
        base={conflict.field: [conflict.base, conflict.base]},
    )
    conflict.save()
    return conflict


def decide(client: Client, conflict: Conflict, take: str, **data: str) -> str:
    seen = {"seen": seen_of(conflict)}
    return text(client.post(page(DECIDE, conflict.pk), {**seen, "take": take, **data}, follow=True))


def act(client: Client, action: str, *conflicts: Conflict, **data: str) -> str:
    chosen = {"action": action, "_selected_action": [conflict.pk for conflict in conflicts]}
    return text(client.post(page(LIST), {**chosen, **data}, follow=True))


def resolution(conflict: Conflict) -> str:
    conflict.refresh_from_db()
    return conflict.resolution


def shown(client: Client, conflict: Conflict) -> str:
    return text(client.get(page(CHANGE, conflict.pk)))


@pytest.mark.parametrize(("take", "base"), [("local", ["Director", "Director"]), ("remote", ["Chief", "Chief"])])
def test_button_of_a_side_takes_it(admin_client: Client, server: DirectoryServer, take: str, base: list[str]) -> None:
    conflict = dispute(server)

    said = decide(admin_client, conflict, take)

    assert (resolution(conflict), conflict.resolved_by) == (take, "admin")
    assert SyncRecord.objects.get().base["title"] == base
    assert "1 conflict was decided." in said
    assert LATER in said


def test_third_value_is_entered(admin_client: Client, server: DirectoryServer) -> None:
    conflict = dispute(server)

    decide(admin_client, conflict, "value", value=" Head of  sales ")

    assert (resolution(conflict), Employee.objects.get().title) == ("value", "Head of sales")


@pytest.mark.parametrize("value", ["", "  "])
def test_nothing_typed_decides_nothing(admin_client: Client, server: DirectoryServer, value: str) -> None:
    conflict = dispute(server)

    said = decide(admin_client, conflict, "value", value=value)

    assert resolution(conflict) == ""
    assert "Type a value first." in said


def test_what_is_refused_is_said_on_the_page(admin_client: Client, server: DirectoryServer) -> None:
    conflict = dispute(server, field="extension", local="215", remote="216", base="214")

    said = decide(admin_client, conflict, "value", value="21a")

    assert resolution(conflict) == ""
    assert "“21a” cannot be an extension" in said
    assert "which value is right?" in said


@pytest.mark.promise(5)
def test_values_other_than_those_shown_are_not_decided(admin_client: Client, server: DirectoryServer) -> None:
    conflict = dispute(server)
    before = seen_of(conflict)
    Conflict.objects.update(remote="President")

    said = decide(admin_client, conflict, "local", seen=before)

    assert resolution(conflict) == ""
    assert "has changed since they were shown" in said


@pytest.mark.parametrize("data", [{"take": "both", "seen": "x"}, {"take": "local"}, {"seen": "x"}])
def test_request_that_no_page_sends(admin_client: Client, server: DirectoryServer, data: dict[str, str]) -> None:
    assert admin_client.post(page(DECIDE, dispute(server).pk), data).status_code == 400


def test_page_carries_the_mark_of_what_it_shows(admin_client: Client, server: DirectoryServer) -> None:
    conflict = dispute(server)

    assert f'name="seen" value="{seen_of(conflict)}"' in shown(admin_client, conflict)


WORDS = {
    # id: write-back, direction, what the page says of ours, of theirs, of a third one
    "both": (
        True, "both", "“Chief” is written to the domain in the next run.",
        "“Director” comes into the PBX in the next run.", "It is entered here at once, and written to the domain",
    ),
    "no_write_back": (
        False, "both", "“Chief” stays here and waits for the domain: writing back is off.",
        "“Director” comes into the PBX in the next run.", "and waits for the domain",
    ),
    "pull": (
        True, "pull", "“Chief” stays here. The mapping does not carry it to the domain",
        "“Director” comes into the PBX in the next run.", "The mapping does not carry it to the domain.",
    ),
    "push": (
        True, "push", "“Chief” is written to the domain in the next run.",
        "“Director” is entered here at once", "It is entered here at once, and written to the domain",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("write_back", "direction", "ours", "theirs", "third"), WORDS.values(), ids=WORDS.keys())
def test_page_says_what_will_happen(
    admin_client: Client, server: DirectoryServer, write_back: bool, direction: str, ours: str, theirs: str, third: str
) -> None:
    DirectoryServer.objects.update(write_back=write_back)
    FieldMapping.objects.update(direction=direction)

    said = shown(admin_client, dispute(server))

    for words in ("Boss", "Chief", "Director", ours, theirs, third):
        assert words in said


def test_page_says_why_a_side_cannot_be_taken(admin_client: Client, server: DirectoryServer) -> None:
    owner = make_employee(name="Meeting room", extension="215")
    conflict = dispute(
        server, kind=MatterKind.NUMBER_TAKEN, field="extension", base=None, local="200", remote="215", owner=owner
    )

    said = shown(admin_client, conflict)

    assert "Number 215 belongs to Meeting room." in said
    assert page("syncapp_employee_change", owner.pk) in said
    assert 'value="local"' in said
    assert 'value="remote"' not in said


def test_page_of_what_moved_meanwhile_offers_nothing(admin_client: Client, server: DirectoryServer) -> None:
    conflict = dispute(server)
    Employee.objects.update(title="President")

    said = shown(admin_client, conflict)

    assert "Since the last run compared it, job title was changed here." in said
    assert 'name="take" value="local"' not in said
    assert "Another value" not in said


@pytest.mark.promise(9)
def test_secret_is_nowhere_on_the_pages(admin_client: Client, server: DirectoryServer) -> None:
    conflict = dispute(server, field="sip_secret", base="mark-1", local="mark-2", remote="mark-3")

    for said in (shown(admin_client, conflict), text(admin_client.get(page(LIST)))):
        assert "mark-" not in said
        assert "hidden" in said
    assert "Another value" not in shown(admin_client, conflict)


def test_photos_are_shown_where_they_are_here(admin_client: Client, server: DirectoryServer) -> None:
    ours, theirs = "a" * 64, "b" * 64
    conflict = dispute(server, field="photo", base="", local=ours, remote=theirs)

    said = shown(admin_client, conflict)
    listed = text(admin_client.get(page(LIST)))
    for each in (said, listed):
        assert page("syncapp_photo", ours) in each
        assert page("syncapp_photo", theirs) not in each
        assert "another photo, which is not here yet" in each

    Photo.objects.create(sha256="c" * 64, source=theirs, width=1, height=1, size=1)
    assert page("syncapp_photo", theirs) in shown(admin_client, conflict)


def test_page_takes_few_queries(
    admin_client: Client, server: DirectoryServer, django_assert_max_num_queries: Any
) -> None:
    for _other in range(20):
        dispute(server)
    conflict = dispute(server)

    with django_assert_max_num_queries(14):
        shown(admin_client, conflict)


# At once


def test_decision_is_carried_out_at_once(admin_client: Client, server: DirectoryServer, queue: list[int]) -> None:
    conflict = dispute(server)

    said = decide(admin_client, conflict, "local", now="on")

    run = SyncRun.objects.get(status=RunStatus.QUEUED)
    assert run.anchors == [[conflict.record.anchor, conflict.record.dn]]
    assert NOW in said
    assert LATER not in said


def test_busy_server_is_said_and_the_decision_stands(
    admin_client: Client, server: DirectoryServer, queue: list[int]
) -> None:
    conflict = dispute(server)
    SyncRun.objects.create(endpoint=server, status=RunStatus.RUNNING, heartbeat_at=timezone.now())

    said = decide(admin_client, conflict, "local", now="on")

    assert resolution(conflict) == "local"
    assert "has not ended yet" in said


def test_who_may_not_start_runs_decides_for_the_next_one(
    viewer: User, viewer_client: Client, server: DirectoryServer, queue: list[int]
) -> None:
    viewer.user_permissions.add(Permission.objects.get(codename="change_conflict"))
    conflict = dispute(server)

    assert "Carry it out at once" not in shown(viewer_client, conflict)
    assert LATER in decide(viewer_client, conflict, "local", now="on")
    assert "take_local_now" not in text(viewer_client.get(page(LIST)))
    assert queue == []


def test_who_may_only_look_decides_nothing(viewer_client: Client, server: DirectoryServer) -> None:
    conflict = dispute(server)

    assert 'name="take" value="local"' not in shown(viewer_client, conflict)
    assert (
        viewer_client.post(page(DECIDE, conflict.pk), {"take": "local", "seen": seen_of(conflict)}).status_code == 403
    )
    act(viewer_client, "take_local", conflict)
    assert resolution(conflict) == ""


# Many


@pytest.mark.parametrize("side", ["local", "remote"])
def test_action_takes_one_side_for_all_that_were_chosen(
    admin_client: Client, server: DirectoryServer, side: str
) -> None:
    first, second, third = (dispute(server) for _each in range(3))
    about_people = Conflict.objects.create(
        endpoint=server, record=make_record(endpoint=server), kind=MatterKind.MATCH_SIMILAR
    )

    said = act(admin_client, f"take_{side}", first, second, about_people)

    assert [resolution(each) for each in (first, second, third, about_people)] == [side, side, "", ""]
    assert "2 conflicts were decided." in said
    assert "1 matter was left out" in said
    assert SyncRun.objects.get(mode="edit").items.count() == 2


@pytest.mark.parametrize("side", ["local", "remote"])
def test_action_carries_out_at_once(admin_client: Client, server: DirectoryServer, queue: list[int], side: str) -> None:
    chosen = [dispute(server) for _each in range(3)]

    said = act(admin_client, f"take_{side}_now", *chosen)

    assert len(SyncRun.objects.get(status=RunStatus.QUEUED).anchors) == 3
    assert NOW in said


@pytest.mark.promise(5)
def test_action_decides_only_what_the_list_showed(admin_client: Client, server: DirectoryServer) -> None:
    first, second = dispute(server), dispute(server)
    listed = text(admin_client.get(page(LIST)))
    seen = {f"seen-{each.pk}": seen_of(each) for each in (first, second)}
    assert all(f'name="{name}" value="{mark}"' in listed for name, mark in seen.items())
    Conflict.objects.filter(pk=second.pk).update(remote="President")

    said = act(admin_client, "take_remote", first, second, **seen)

    assert (resolution(first), resolution(second)) == ("remote", "")
    assert f"{second.record.name}: One of the two values has changed" in said


def test_many_refusals_are_told_together(admin_client: Client, server: DirectoryServer) -> None:
    chosen = [dispute(server) for _each in range(12)]
    Employee.objects.update(title="President")

    said = act(admin_client, "take_local", *chosen)

    assert "12 were refused, for example" in said


@pytest.mark.parametrize("number", [3, 45])
def test_list_of_values_takes_the_same_number_of_queries(
    admin_client: Client, server: DirectoryServer, django_assert_num_queries: Any, number: int
) -> None:
    for each in range(number):
        dispute(server, **{"field": "photo", "local": f"{each:064}", "remote": "b" * 64} if each % 2 else {})

    with django_assert_num_queries(7):
        admin_client.get(page(LIST))


# What was decided


def test_closed_conflict_says_who_decided_what_and_when(admin_client: Client, server: DirectoryServer) -> None:
    conflict = dispute(server)
    decide(admin_client, conflict, "local")
    dissolved = dispute(server)
    Conflict.objects.filter(pk=dissolved.pk).update(closed_at=timezone.now())

    listed = text(admin_client.get(page(LIST, query="closed=1")))

    for said in (listed, shown(admin_client, conflict)):
        assert "admin: the PBX&#x27;s value" in said
    for said in (listed, shown(admin_client, dissolved)):
        assert "dissolved by itself" in said
    assert 'name="take"' not in shown(admin_client, conflict)


def test_decision_stands_in_the_employee_s_history(admin_client: Client, server: DirectoryServer) -> None:
    conflict = dispute(server)
    decide(admin_client, conflict, "remote")

    said = text(admin_client.get(page("syncapp_employee_change", conflict.record.employee_id)))

    assert "For job title admin took the domain&#x27;s value." in said


# Handing a number over


def left(server: DirectoryServer, **values: Any) -> Conflict:
    """Somebody who left has the number that the directory gives to a successor."""
    owner = make_employee(name="Boris Sidorov", extension="215")
    make_record(endpoint=server, employee=owner, **{"state": "disabled", **values})
    return dispute(
        server, kind=MatterKind.NUMBER_TAKEN, field="extension", base=None, local="", remote="215", owner=owner
    )


def extensions(conflict: Conflict) -> tuple[str, str]:
    """Of the owner and of the successor."""
    assert conflict.owner_id is not None
    assert conflict.record.employee_id is not None
    people = dict(Employee.objects.values_list("pk", "extension"))
    return people[conflict.owner_id], people[conflict.record.employee_id]


def test_page_hands_the_number_of_a_leaver_over(admin_client: Client, server: DirectoryServer) -> None:
    conflict = left(server)

    assert "It is taken from Boris Sidorov and given to this person" in shown(admin_client, conflict)
    assert LATER in decide(admin_client, conflict, "hand_over")

    assert (extensions(conflict), resolution(conflict)) == (("", "215"), "hand_over")


def test_page_offers_no_number_of_somebody_who_is_there(admin_client: Client, server: DirectoryServer) -> None:
    keys = ["Boris Sidorov", [], [], [], ["215"]]
    conflict = left(server, state="active", keys=keys, base={"extension": ["215", "215"]})

    assert 'value="hand_over"' not in shown(admin_client, conflict)
    assert "cannot be handed over" in decide(admin_client, conflict, "hand_over")

    assert (extensions(conflict), resolution(conflict)) == (("215", ""), "")


def test_numbers_are_handed_over_for_many(admin_client: Client, server: DirectoryServer, queue: list[int]) -> None:
    conflict, about_a_value = left(server), dispute(server)

    said = act(admin_client, "hand_over_now", conflict, about_a_value)

    assert (extensions(conflict), resolution(about_a_value)) == (("", "215"), "")
    assert "1 conflict was decided." in said
    assert "1 matter was left out" in said
    assert SyncRun.objects.get(status=RunStatus.QUEUED).anchors == [[conflict.record.anchor, conflict.record.dn]]


def test_who_may_only_look_hands_nothing_over(viewer_client: Client, server: DirectoryServer) -> None:
    conflict = left(server)

    assert 'value="hand_over"' not in shown(viewer_client, conflict)
    assert (
        viewer_client.post(page(DECIDE, conflict.pk), {"take": "hand_over", "seen": seen_of(conflict)}).status_code
        == 403
    )
    act(viewer_client, "hand_over", conflict)
    assert extensions(conflict) == ("215", "")
