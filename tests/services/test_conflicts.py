"""Deciding which of two values is right, and what the next run makes of it (rules B1, B2, B8, C3, C4)."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from syncapp.exceptions import SyncError
from syncapp.models import Conflict, DirectoryServer, Employee, FieldMapping, RunItem, SyncRecord, SyncRun
from syncapp.services.conflicts import Choice, Decided, decide_many, undecided
from syncapp.services.disputes import seen_of
from tests.factories import make_employee
from tests.services.company import Company, counted, sync
from tests.services.disputes import LOCAL, NAME, REMOTE, VALUE, conflict, disputed_title, mapped, take
from tests.services.test_photo_runs import choose
from tests.services.test_pictures import drawn
from tests.services.test_secret_runs import FIRST, SECOND, everything_stored, give
from tests.services.test_write_back import there

pytestmark = pytest.mark.django_db(transaction=True)


def record() -> SyncRecord:
    return SyncRecord.objects.get(employee__name=NAME)


def title() -> str:
    return Employee.objects.get(name=NAME).title


def all_of(take: Any, value: str = "") -> Decided:
    chosen = [(each.pk, seen_of(each)) for each in undecided()]
    return decide_many(chosen, Choice(take, value), user="olga")


def is_settled(company: Company, server: DirectoryServer) -> bool:
    """Whether a further run changes nothing and has no matter."""
    before = company.directory.modifications()
    run = sync(server)
    quiet = run.status == "completed" and not RunItem.objects.filter(run=run).exists()
    return quiet and company.directory.modifications() == before


CARRIED = {
    # id: direction, write-back, decision, title here, title there
    "ours": ("both", True, LOCAL, "Chief", "Chief"),
    "theirs": ("both", True, REMOTE, "Director", "Director"),
    "third": ("both", True, VALUE, "Head", "Head"),
    "ours_waits": ("both", False, LOCAL, "Chief", "Director"),
    "theirs_without_write_back": ("both", False, REMOTE, "Director", "Director"),
    "third_waits": ("both", False, VALUE, "Head", "Director"),
    "ours_is_not_carried": ("pull", True, LOCAL, "Chief", "Director"),
    "theirs_is_pulled": ("pull", True, REMOTE, "Director", "Director"),
    "third_is_not_carried": ("pull", True, VALUE, "Head", "Director"),
    "ours_is_pushed": ("push", True, LOCAL, "Chief", "Chief"),
    "theirs_is_entered": ("push", True, REMOTE, "Director", "Director"),
    "third_is_pushed": ("push", True, VALUE, "Head", "Head"),
}


@pytest.mark.promise(1)
@pytest.mark.parametrize(("direction", "write_back", "side", "here", "domain"), CARRIED.values(), ids=CARRIED.keys())
def test_decision_is_carried_out_by_the_next_run(
    company: Company, direction: str, write_back: bool, side: Any, here: str, domain: str
) -> None:
    server = disputed_title(company, write_back=write_back, direction=direction)
    before = company.directory.modifications()

    take(side, "Head" if side is VALUE else "")
    assert company.directory.modifications() == before
    run = sync(server)

    assert (run.status, title(), there(company, "anna", "title")) == ("completed", here, [domain])
    assert (record().status in ("updated", "skipped"), record().waits) == (
        True, {} if here == domain or direction == "pull" else {"title": "Director"},
    )  # fmt: skip
    assert not Conflict.objects.filter(closed_at=None).exists()
    assert is_settled(company, server)


@pytest.mark.parametrize("policy", ["remote_wins", "local_wins", "ask"])
@pytest.mark.parametrize(("side", "expected"), [(LOCAL, "Boss"), (REMOTE, "Director"), (VALUE, "Head")])
def test_value_of_a_changed_mapping_is_decided_against_any_policy(
    company: Company, policy: str, side: Any, expected: str
) -> None:
    """Rule B8: what differs after the mapping was changed is nobody's change, so that no policy decides."""
    company.add("anna", NAME, title="Boss", description="Director")
    server = mapped(company, title={"attribute": "title", "policy": policy})
    sync(server)
    FieldMapping.objects.filter(field="title").update(attribute="description")
    sync(server, force=True)

    take(side, "Head" if side is VALUE else "")
    sync(server)

    assert (title(), there(company, "anna", "description")) == (expected, [expected])
    assert is_settled(company, server)


def test_third_value_that_is_theirs_is_agreed_at_once(company: Company) -> None:
    server = disputed_title(company, direction="pull")

    take(VALUE, "  Director ")

    assert (title(), record().base["title"]) == ("Director", ["Director", "Director"])
    assert counted(sync(server)) == {"read": 1, "skipped": 1}


READ = {
    # id: field, attribute, agreed, ours, theirs, typed, as it is stored
    "mobile": ("mobile", "mobile", "+79161234567", "+79161234568", "+79161234569", "8 (916) 123-45-60", "+79161234560"),
    "extension": ("extension", "telephoneNumber", "215", "216", "217", " 218 ", "218"),
    "email": ("email", "mail", "a@x.test", "b@x.test", "c@x.test", "D@x.test ", "D@x.test"),
    "title": ("title", "title", "A", "B", "C", "Head  of\u00a0Sales", "Head of Sales"),
}


@pytest.mark.parametrize(
    ("field", "attribute", "agreed", "ours", "theirs", "typed", "stored"), READ.values(), ids=READ.keys()
)
def test_third_value_is_read_as_everywhere(
    company: Company, field: str, attribute: str, agreed: str, ours: str, theirs: str, typed: str, stored: str
) -> None:
    company.add("anna", NAME, **{attribute: agreed})
    server = mapped(company, **{field: {"attribute": attribute}})
    sync(server)
    Employee.objects.update(**{field: ours})
    company.change("anna", **{attribute: theirs})
    sync(server)

    take(VALUE, typed)
    sync(server)

    assert Employee.objects.values_list(field, flat=True).get() == stored
    assert there(company, "anna", attribute) == [stored]
    assert is_settled(company, server)


MISTYPED = {
    "no_mobile": ("mobile", "mobile", "+79161234567", "+79161234568", "+79161234569", "call me", "typed_not_mobile"),
    "no_address": ("email", "mail", "a@x.test", "b@x.test", "c@x.test", "anna", "typed_not_email"),
    "no_number": ("extension", "telephoneNumber", "215", "216", "217", "21a", "typed_not_extension"),
    "number_of_somebody": (
        "extension", "telephoneNumber", "215", "216", "217", "301", "decision_number_owned",
    ),
    "no_number_at_all": ("extension", "telephoneNumber", "215", "216", "217", "", "decision_empty_number"),
    "too_long": ("title", "title", "A", "B", "C", "x" * 256, "typed_too_long"),
    "control_character": ("title", "title", "A", "B", "C", "x\x00y", "typed_control_characters"),
    "empty": ("title", "title", "A", "B", "C", " ", "decision_empty"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "attribute", "agreed", "ours", "theirs", "typed", "code"), MISTYPED.values(), ids=MISTYPED.keys()
)
def test_third_value_that_cannot_be_is_refused(
    company: Company, field: str, attribute: str, agreed: str, ours: str, theirs: str, typed: str, code: str
) -> None:
    company.add("anna", NAME, **{attribute: agreed})
    server = mapped(company, **{field: {"attribute": attribute}})
    sync(server)
    Employee.objects.update(**{field: ours})
    make_employee(name="Boris Sidorov", extension="301")
    company.change("anna", **{attribute: theirs})
    sync(server)

    with pytest.raises(SyncError) as caught:
        take(VALUE, typed)

    assert (caught.value.code, conflict().resolution) == (code, "")
    assert not SyncRun.objects.filter(mode="edit").exists()


@pytest.mark.promise(1)
def test_decision_says_who_decided_what(company: Company) -> None:
    disputed_title(company)
    olga = User.objects.create_user("olga")

    item = take(LOCAL, user=olga)

    closed = Conflict.objects.get()
    assert (closed.resolution, closed.resolved_by, closed.closed_at is not None) == ("local", "olga", True)
    assert (item.run.mode, item.run.user, item.run.who, item.employee, item.record) == (
        "edit", olga, "olga", Employee.objects.get(), record(),
    )  # fmt: skip
    assert (item.message_code, item.message_params) == ("decided_local", {"field": "title", "who": "olga"})
    assert (record().status, record().message_code, record().due, record().waits) == (
        "skipped", "decided_local", True, {"title": "Director"},
    )  # fmt: skip


@pytest.mark.promise(1)
def test_third_value_is_an_edit_by_hand(company: Company) -> None:
    disputed_title(company)

    item = take(VALUE, "Head")

    assert item.changes == [{"field": "title", "side": "pbx", "before": "Chief", "after": "Head"}]
    assert (item.outcome, item.run.trigger, item.run.who, item.message_code) == (
        "updated", "command", "olga", "decided_value",
    )  # fmt: skip


def test_record_with_another_conflict_stays_one(company: Company) -> None:
    company.add("anna", NAME, title="Boss", departmentNumber="Sales")
    server = mapped(company, title={"attribute": "title"}, department={"attribute": "departmentNumber"})
    sync(server)
    Employee.objects.update(title="Chief", department="Ours")
    company.change("anna", title="Director", departmentNumber="Theirs")
    sync(server)

    take(LOCAL, of=Conflict.objects.get(field="title"))
    assert record().status == "conflict"
    run = sync(server)

    assert counted(run) == {"read": 1, "conflicts": 1, "written_back": 1}
    assert conflict().field == "department"


@pytest.mark.promise(5)
def test_domain_that_moved_on_since_the_decision_is_a_conflict_again(company: Company) -> None:
    server = disputed_title(company)
    take(LOCAL)
    company.change("anna", title="President")

    sync(server)

    assert (conflict().local, conflict().remote, there(company, "anna", "title")) == (
        "Chief",
        "President",
        ["President"],
    )


@pytest.mark.promise(5)
def test_hub_that_moved_on_since_theirs_was_taken_is_a_conflict_again(company: Company) -> None:
    server = disputed_title(company)
    take(REMOTE)
    Employee.objects.update(title="President")

    sync(server)

    assert (conflict().local, conflict().remote, title()) == ("President", "Director", "President")


@pytest.mark.promise(5)
@pytest.mark.parametrize("moved", ["here", "there", "here, before a run"])
def test_values_other_than_those_seen_are_not_decided(company: Company, moved: str) -> None:
    server = disputed_title(company)
    seen = conflict()
    if moved == "there":
        company.change("anna", title="President")
    else:
        Employee.objects.update(title="President")
    if moved != "here, before a run":
        sync(server)

    with pytest.raises(SyncError) as caught:
        take(LOCAL, of=seen)

    expected = "decision_moved" if moved == "here, before a run" else "decision_changed"
    assert (caught.value.code, conflict().pk) == (expected, seen.pk)


@pytest.mark.promise(5)
def test_conflict_is_decided_once(company: Company) -> None:
    disputed_title(company)
    seen = conflict()
    take(LOCAL)

    with pytest.raises(SyncError) as caught:
        take(REMOTE, of=seen)

    assert caught.value.code == "decision_closed"
    assert Conflict.objects.get().resolution == "local"


def test_conflict_that_dissolved_by_itself_closes_and_nobody_decided_it(company: Company) -> None:
    server = disputed_title(company)
    seen = conflict()
    company.change("anna", title="Chief")

    run = sync(server)

    closed = Conflict.objects.get()
    assert (run.status, closed.closed_at is not None, closed.resolution, closed.resolved_by) == (
        "completed",
        True,
        "",
        "",
    )
    with pytest.raises(SyncError, match="decision_closed"):
        take(LOCAL, of=seen)


@pytest.mark.promise(5)
@pytest.mark.parametrize("phase", ["apply", "write_back"])
@pytest.mark.parametrize(("side", "expected"), [(LOCAL, "Chief"), (REMOTE, "Director"), (VALUE, "Head")])
def test_decision_while_a_run_is_on_its_way_survives(company: Company, phase: str, side: Any, expected: str) -> None:
    """The run planned with the conflict open; what it planned for this person must not come over the decision."""
    company.add("boris", "Boris Sidorov", title="Clerk")
    server = disputed_title(company)
    Employee.objects.filter(name="Boris Sidorov").update(title="Lawyer")
    SyncRecord.objects.update(due=True)
    decided = []

    def meanwhile(now: str, done: int, total: int | None) -> None:
        if now == phase and not done and not decided:
            decided.append(take(side, "Head" if side is VALUE else ""))

    sync(server, progress=meanwhile)
    assert len(decided) == 1
    assert record().due
    sync(server)

    assert (title(), there(company, "anna", "title")) == (expected, [expected])
    assert not Conflict.objects.filter(closed_at=None).exists()
    assert there(company, "boris", "title") == ["Lawyer"]


def test_matter_about_people_is_not_decided_by_a_value(company: Company) -> None:
    make_employee(name=NAME, email="other@example.test")
    company.add("anna", NAME, mail="anna@example.test")
    sync(company.server())

    with pytest.raises(SyncError) as caught:
        take(LOCAL)

    assert caught.value.code == "decision_about_people"


def test_field_that_is_not_mapped_any_more_is_not_decided_and_closes(company: Company) -> None:
    server = disputed_title(company)
    FieldMapping.objects.filter(field="title").delete()

    with pytest.raises(SyncError) as caught:
        take(LOCAL)
    run = sync(server)

    assert (caught.value.code, run.status) == ("decision_not_mapped", "completed")
    assert not Conflict.objects.filter(closed_at=None).exists()


@pytest.mark.parametrize(("side", "expected"), [(LOCAL, ""), (REMOTE, "Director")])
def test_emptied_here_and_cleared_there(company: Company, side: Any, expected: str) -> None:
    company.add("anna", NAME, title="Boss")
    server = mapped(company, title={"attribute": "title", "on_empty": "clear"})
    sync(server)
    Employee.objects.update(title="")
    company.change("anna", title="Director")
    sync(server)

    take(side)
    sync(server)

    assert (title(), there(company, "anna", "title")) == (expected, [expected] if expected else [])
    assert is_settled(company, server)


@pytest.mark.parametrize(("on_empty", "side"), [("keep", REMOTE), ("clear", REMOTE), ("keep", LOCAL)])
def test_emptied_there(company: Company, on_empty: str, side: Any) -> None:
    company.add("anna", NAME, title="Boss")
    server = mapped(company, title={"attribute": "title", "on_empty": on_empty})
    sync(server)
    Employee.objects.update(title="Chief")
    company.change("anna", title=None)
    sync(server)

    take(side)
    sync(server)

    assert title() == ("" if side is REMOTE else "Chief")
    assert there(company, "anna", "title") == ([] if side is REMOTE else ["Chief"])
    assert is_settled(company, server)


def test_nobody_is_left_nameless(company: Company) -> None:
    company.add("anna", NAME)
    server = mapped(company)
    FieldMapping.objects.filter(field="name").update(direction="both")
    sync(server)
    Employee.objects.update(name="Anna")
    company.change("anna", displayName=None)
    sync(server)

    with pytest.raises(SyncError) as caught:
        take(REMOTE)

    assert caught.value.code == "typed_nameless"


# Numbers


@pytest.mark.parametrize(("side", "expected"), [(LOCAL, "1{}"), (REMOTE, "2{}")])
def test_extensions_of_a_first_meeting_are_decided_for_everybody_at_once(
    company: Company, side: Any, expected: str
) -> None:
    """Rule B1: a first match changes nobody's extension, and both sides may well be full of numbers."""
    for number in range(10, 15):
        email = f"p{number}@example.test"
        make_employee(name=f"Person Number{number}", email=email, extension=f"1{number}")
        company.add(f"p{number}", f"Person Number{number}", mail=email, telephoneNumber=f"2{number}")
    server = mapped(company, extension={"attribute": "telephoneNumber"}, email={"attribute": "mail"})
    assert counted(sync(server)) == {"read": 5, "conflicts": 5, "new_matters": 5}

    decided = all_of(side)
    run = sync(server)

    assert (len(decided.records), decided.refused, run.status) == (5, {}, "completed")
    assert SyncRun.objects.get(mode="edit").counts == {"skipped": 5}
    for number in range(10, 15):
        assert Employee.objects.get(name=f"Person Number{number}").extension == expected.format(number)
        assert there(company, f"p{number}", "telephoneNumber") == [expected.format(number)]
    assert is_settled(company, server)


@pytest.fixture
def taken(company: Company) -> DirectoryServer:
    """Anna's entry says 215, which is the meeting room's; she got 200 of the pool."""
    make_employee(name="Meeting room", extension="215")
    company.add("anna", NAME, mail="anna@example.test", telephoneNumber="215")
    server = mapped(
        company, pool=("200", "299"), extension={"attribute": "telephoneNumber"}, email={"attribute": "mail"}
    )
    server.match_keys = ["email"]
    server.save()
    sync(server)
    assert (conflict().kind, conflict().local, conflict().remote) == ("number_taken", "200", "215")
    return server


@pytest.mark.parametrize(("side", "expected"), [(LOCAL, "200"), (VALUE, "280")])
def test_claim_on_somebody_s_number_is_overwritten(
    company: Company, taken: DirectoryServer, side: Any, expected: str
) -> None:
    take(side, "280" if side is VALUE else "")
    run = sync(taken)

    assert (run.status, Employee.objects.get(name=NAME).extension) == ("completed", expected)
    assert there(company, "anna", "telephoneNumber") == [expected]
    assert Employee.objects.get(name="Meeting room").extension == "215"
    assert is_settled(company, taken)


def test_somebody_s_number_is_not_given_by_a_decision(company: Company, taken: DirectoryServer) -> None:
    with pytest.raises(SyncError) as caught:
        take(REMOTE)
    assert (caught.value.code, caught.value.params["owner"]) == ("decision_number_owned", "Meeting room")

    Employee.objects.filter(name="Meeting room").update(extension="299")
    take(REMOTE)
    sync(taken)

    assert Employee.objects.get(name=NAME).extension == "215"
    assert is_settled(company, taken)


def test_number_that_two_entries_claim(company: Company) -> None:
    company.add("anna", NAME, telephoneNumber="215")
    company.add("boris", "Boris Sidorov", telephoneNumber="215")
    server = mapped(company, pool=("200", "299"), extension={"attribute": "telephoneNumber"})
    sync(server)
    of_anna = Conflict.objects.get(record__name=NAME)

    with pytest.raises(SyncError) as caught:
        take(REMOTE, of=of_anna)
    assert (caught.value.code, caught.value.params["people"]) == ("decision_number_claimed", ["Boris Sidorov"])

    take(LOCAL, of=Conflict.objects.get(record__name="Boris Sidorov"))
    sync(server)
    assert there(company, "boris", "telephoneNumber") == ["201"]
    sync(server)  # reads that nobody else claims it any more
    take(REMOTE)
    sync(server)
    assert Employee.objects.get(name=NAME).extension == "215"
    assert is_settled(company, server)


# Photos and secrets


@pytest.mark.parametrize("side", [LOCAL, REMOTE])
def test_photo_that_was_changed_on_both_sides(company: Company, side: Any) -> None:
    company.add("anna", NAME, jpegPhoto=drawn(size=(100, 100)))
    server = mapped(company, photo={"attribute": "jpegPhoto"})
    sync(server)
    ours = choose(drawn(size=(120, 120)))
    company.change("anna", jpegPhoto=drawn(size=(140, 140)))
    sync(server)

    take(side)
    run = sync(server)

    photo = Employee.objects.get().photo
    assert (photo == ours) is (side is LOCAL)
    assert counted(run) == {"read": 1, "written_back" if side is LOCAL else "updated": 1}
    sync(server)  # our own write has moved the entry's marker
    assert is_settled(company, server)


def test_photo_is_not_typed_and_not_brought_in_against_the_mapping(company: Company) -> None:
    company.add("anna", NAME, jpegPhoto=drawn(size=(100, 100)))
    server = mapped(company, photo={"attribute": "jpegPhoto"})
    sync(server)
    choose(drawn(size=(120, 120)))
    company.change("anna", jpegPhoto=drawn(size=(140, 140)))
    sync(server)
    FieldMapping.objects.filter(field="photo").update(direction="push")

    with pytest.raises(SyncError, match="decision_not_typed"):
        take(VALUE, "x")
    with pytest.raises(SyncError, match="decision_not_brought_in"):
        take(REMOTE)


@pytest.mark.promise(9)
@pytest.mark.parametrize(("side", "expected"), [(LOCAL, SECOND), (REMOTE, "Drittes-9913-lang")])
def test_secret_that_was_changed_on_both_sides(company: Company, side: Any, expected: str) -> None:
    company.add("anna", NAME, pager=FIRST)
    server = mapped(company, sip_secret={"attribute": "pager", "direction": "pull"})
    sync(server)
    give(SECOND)
    company.change("anna", pager="Drittes-9913-lang")
    sync(server)

    take(side)
    run = sync(server)

    assert run.status == "completed"
    assert Employee.objects.get().sip_secret.reveal() == expected
    assert not any(secret in everything_stored() for secret in (FIRST, SECOND, "Drittes-9913-lang"))
    assert is_settled(company, server)


# Many


@pytest.mark.parametrize("side", [LOCAL, REMOTE, VALUE])
def test_each_of_many_costs_the_same_few_statements(company: Company, side: Any) -> None:
    company.add_many(300, title="Boss {}")
    server = mapped(company, title={"attribute": "title"})
    sync(server)
    for number, employee in enumerate(Employee.objects.order_by("name")):
        Employee.objects.filter(pk=employee.pk).update(title=f"Chief {number}")
        company.change(f"p{number:04}", title=f"Director {number}")
    sync(server, force=True)
    chosen = [(each.pk, seen_of(each)) for each in undecided()]
    assert len(chosen) == 300

    def statements(some: list[tuple[int, str]]) -> int:
        with CaptureQueriesContext(connection) as queries:
            decided = decide_many(some, Choice(side, "Head"), user="olga")
        assert len(decided.records) == len(some)
        return len(queries)

    one, two = statements(chosen[:1]), statements(chosen[1:3])
    each = two - one + 1
    rest = statements(chosen[3:])

    assert rest <= each * 297 + 3
    assert each <= (30 if side is VALUE else 16)
    run = sync(server)
    assert (run.status, run.counts["conflicts"]) == ("completed", 0)


@pytest.mark.promise(7)
def test_one_refusal_among_many_leaves_the_others(company: Company) -> None:
    for number in range(3):
        company.add(f"p{number}", f"Person Number{number}", title="Boss")
    server = mapped(company, title={"attribute": "title"})
    sync(server)
    for number in range(3):
        company.change(f"p{number}", title=f"Director {number}")
    Employee.objects.update(title="Chief")
    sync(server)
    moved = Conflict.objects.get(record__name="Person Number1")
    chosen = [(each.pk, seen_of(each)) for each in undecided()]
    Employee.objects.filter(name="Person Number1").update(title="President")

    decided = decide_many(chosen, Choice(LOCAL), user="olga")

    assert [error.code for error in decided.refused.values()] == ["decision_moved"]
    assert list(decided.refused) == [moved.pk]
    edit = SyncRun.objects.get(mode="edit")
    assert (edit.counts, [item.position for item in edit.items.order_by("id")]) == ({"skipped": 2}, [0, 1])
