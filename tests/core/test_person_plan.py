"""The plan of one person: which outcome, message and news follow from what was decided (rule E1)."""

from dataclasses import replace

import pytest

from syncapp.core.matters import EntryKeys, Matter
from syncapp.core.merge import Decision, FieldMerge
from syncapp.core.options import FieldRule
from syncapp.core.person_plan import PersonPlan
from syncapp.core.planned import PlanItem, RecordTouch
from syncapp.core.records import Base, KnownRecord, LocalPerson, Message
from syncapp.core.vocabulary import TEXT_FIELDS, Action, Field, MatterKind, Outcome, Side, State
from tests.core.hub import person

ANNA = person("anna", name="Anna Petrova", extension="215")
KEYS = EntryKeys(name="Anna Petrova")
LOCAL = LocalPerson(1, 7, {**dict.fromkeys(TEXT_FIELDS, ""), Field.NAME: "Anna Petrova", Field.TITLE: "Clerk"})
RECORD = KnownRecord(
    id=3,
    anchor="anna",
    employee_id=1,
    state=State.ACTIVE,
    status=Outcome.SKIPPED,
    base={Field.NAME: Base("Anna Petrova", "Anna Petrova")},
)
TITLE = FieldRule(Field.TITLE, "title")
PULLED = FieldMerge(Decision.PULL, remote="Boss", base=Base("Boss", "Boss"))
AGREED = FieldMerge(Decision.AGREED, remote="Clerk", base=Base("Clerk", "Clerk"))
APART = FieldMerge(Decision.CONFLICT, remote="Boss")


def plan(record: KnownRecord | None = RECORD, local: LocalPerson | None = LOCAL) -> PersonPlan:
    return PersonPlan(person=ANNA, keys=KEYS, record=record, local=local)


def item(made: PersonPlan) -> PlanItem:
    result = made.result()
    assert isinstance(result, PlanItem)
    return result


MATTERS = {
    "field": (MatterKind.FIELD, Outcome.CONFLICT),
    "number taken": (MatterKind.NUMBER_TAKEN, Outcome.CONFLICT),
    "number claimed twice": (MatterKind.NUMBER_CLAIMED_TWICE, Outcome.CONFLICT),
    "ambiguous": (MatterKind.MATCH_AMBIGUOUS, Outcome.CONFLICT),
    "proposed": (MatterKind.MATCH_PROPOSED, Outcome.PROPOSED),
    "similar": (MatterKind.MATCH_SIMILAR, Outcome.PROPOSED),
}


@pytest.mark.parametrize(("kind", "outcome"), MATTERS.values(), ids=MATTERS.keys())
def test_matter_gives_outcome_and_message(kind: MatterKind, outcome: Outcome) -> None:
    made = plan()
    made.matter(kind, Message("why"))

    assert (item(made).outcome, item(made).message, item(made).fingerprint) == (outcome, Message("why"), "")


def test_first_matter_has_the_word() -> None:
    made = plan()
    made.matter(MatterKind.FIELD, Message("first"), field=Field.TITLE)
    made.matter(MatterKind.FIELD, Message("second"), field=Field.MOBILE)

    assert (item(made).message, len(item(made).matters)) == (Message("first"), 2)


def test_a_conflict_beside_a_proposal_is_a_conflict() -> None:
    made = plan()
    made.matter(MatterKind.MATCH_PROPOSED, Message("proposed"))
    made.matter(MatterKind.FIELD, Message("field"))

    assert item(made).outcome is Outcome.CONFLICT


def test_failure_comes_before_matters_changes_and_creation() -> None:
    """In the order of E1."""
    made = plan(record=None, local=None)
    made.action = Action.CREATE
    made.take(TITLE, PULLED)
    made.matter(MatterKind.FIELD, Message("matter"))
    made.fail(Message("failure"))

    assert (item(made).outcome, item(made).message) == (Outcome.FAILED, Message("failure"))


def test_matter_comes_before_creation() -> None:
    made = plan(record=None, local=None)
    made.action = Action.CREATE
    made.matter(MatterKind.NUMBER_TAKEN, Message("matter"))

    assert (item(made).action, item(made).outcome) == (Action.CREATE, Outcome.CONFLICT)


def test_new_person_is_created() -> None:
    made = plan(record=None, local=None)
    made.action = Action.CREATE
    made.take(TITLE, PULLED)

    assert (item(made).outcome, item(made).employee_version, item(made).fingerprint) == (
        Outcome.CREATED,
        None,
        ANNA.fingerprint,
    )


def test_change_has_before_after_and_side() -> None:
    made = plan()
    made.take(TITLE, PULLED)

    [change] = item(made).changes
    assert (change.field, change.side, change.before, change.after) == (Field.TITLE, Side.LOCAL, "Clerk", "Boss")


def test_changes_stand_in_the_order_of_the_fields() -> None:
    made = plan()
    for name in (Field.TITLE, Field.MOBILE, Field.NAME):
        made.change(name, "x")

    assert [change.field for change in item(made).changes] == [Field.NAME, Field.MOBILE, Field.TITLE]


def test_joined_without_changes_is_news_and_skipped() -> None:
    made = plan(record=None)
    made.action = Action.JOIN
    made.message = Message("matched", {"key": "email"})
    made.take(TITLE, AGREED)

    assert (item(made).outcome, item(made).message, item(made).employee_version) == (Outcome.SKIPPED, made.message, 7)


def test_joined_with_changes_is_updated() -> None:
    made = plan(record=None)
    made.action = Action.JOIN
    made.take(TITLE, PULLED)

    assert item(made).outcome is Outcome.UPDATED


def test_entry_that_stays_alone_waits() -> None:
    made = plan(record=None, local=None)
    made.outcome, made.message = Outcome.IGNORED, Message("not_created_off")

    assert (item(made).action, item(made).outcome, item(made).fingerprint) == (Action.WAIT, Outcome.IGNORED, "")


def test_changed_state_is_an_update_without_changes() -> None:
    made = plan(record=replace(RECORD, state=State.DISABLED))

    assert (item(made).outcome, item(made).state_changed, item(made).changes) == (Outcome.UPDATED, True, ())


def test_value_that_waits_for_the_domain_is_settled() -> None:
    made = plan()
    made.take(TITLE, FieldMerge(Decision.PUSH, remote="", base=None))

    touch = made.result()
    assert isinstance(touch, RecordTouch)
    assert (touch.waits, touch.fingerprint, touch.base) == ({Field.TITLE: ""}, ANNA.fingerprint, RECORD.base)


def test_agreement_moves_the_base_without_news() -> None:
    made = plan()
    made.take(TITLE, AGREED)

    touch = made.result()
    assert isinstance(touch, RecordTouch)
    assert touch.base == {**RECORD.base, Field.TITLE: Base("Clerk", "Clerk")}


def test_conflict_does_not_move_the_base() -> None:
    made = plan()
    made.take(TITLE, APART)

    assert item(made).base == RECORD.base


def test_matter_of_a_field_shows_what_was_agreed() -> None:
    record = replace(RECORD, base={Field.TITLE: Base("Assistant", "assistant")})
    made = plan(record=record)
    made.take(TITLE, APART)

    assert item(made).matters == (
        Matter(MatterKind.FIELD, field=Field.TITLE, base="assistant", local="Clerk", remote="Boss"),
    )


def test_remark_alone_is_no_news() -> None:
    made = plan()
    made.take(TITLE, FieldMerge(Decision.UNREADABLE, base=None, remark=Message("several_values", {})))

    touch = made.result()
    assert isinstance(touch, RecordTouch)
    assert touch.remarks == (Message("several_values", {}),)


MATTER = Matter(MatterKind.FIELD, field=Field.TITLE, local="Clerk", remote="Boss")
WHY = Message("field_conflict", {"field": "title", "local": "Clerk", "remote": "Boss"})
OPEN = replace(RECORD, status=Outcome.CONFLICT, message=WHY, open_matters=(MATTER,))
NEWS: dict[str, tuple[KnownRecord, bool]] = {
    "same conflict": (OPEN, False),
    "was skipped": (RECORD, True),
    "was created": (replace(RECORD, status=Outcome.CREATED), True),
    "had failed": (replace(OPEN, status=Outcome.FAILED), True),
    "other values": (replace(OPEN, open_matters=(replace(MATTER, remote="Chief"),)), True),
    "one matter less": (replace(OPEN, open_matters=(MATTER, replace(MATTER, field=Field.NAME))), True),
    "other message": (replace(OPEN, message=Message("number_taken")), True),
}


@pytest.mark.parametrize(("record", "news"), NEWS.values(), ids=NEWS.keys())
def test_conflict_is_news_when_it_is_not_the_record_s_last(record: KnownRecord, news: bool) -> None:
    made = plan(record=record)
    made.take(TITLE, APART)

    assert isinstance(made.result(), PlanItem) is news


SETTLED: dict[str, tuple[KnownRecord, bool]] = {
    "skipped": (RECORD, False),
    "created": (replace(RECORD, status=Outcome.CREATED), False),
    "updated": (replace(RECORD, status=Outcome.UPDATED), False),
    "conflict": (OPEN, True),
    "proposed": (replace(RECORD, status=Outcome.PROPOSED), True),
    "failed": (replace(RECORD, status=Outcome.FAILED), True),
    "ignored": (replace(RECORD, status=Outcome.IGNORED), True),
    "skipped with a matter left open": (replace(RECORD, open_matters=(MATTER,)), True),
}


@pytest.mark.parametrize(("record", "news"), SETTLED.values(), ids=SETTLED.keys())
def test_settled_person_is_news_after_trouble_only(record: KnownRecord, news: bool) -> None:
    made = plan(record=record)
    made.take(TITLE, AGREED)

    assert isinstance(made.result(), PlanItem) is news


def test_touch_names_the_version_that_was_looked_at() -> None:
    touch = plan().result()

    assert isinstance(touch, RecordTouch)
    assert (touch.record_id, touch.employee_version, touch.dn) == (3, 7, ANNA.dn)


def test_record_that_says_all_of_it_already_is_left_alone() -> None:
    record = replace(RECORD, dn=ANNA.dn, name="Anna Petrova", keys=KEYS, fingerprint=ANNA.fingerprint)

    assert plan(record=record).result() is None
    assert isinstance(plan(record=replace(record, due=True)).result(), RecordTouch)


DISPUTES: dict[str, tuple[KnownRecord, bool]] = {
    "taken": (replace(RECORD, open_matters=(Matter(MatterKind.NUMBER_TAKEN, field=Field.EXTENSION),)), True),
    "claimed twice": (
        replace(RECORD, open_matters=(Matter(MatterKind.NUMBER_CLAIMED_TWICE, field=Field.EXTENSION),)),
        True,
    ),
    "other matter": (OPEN, False),
    "agreed since": (
        replace(
            RECORD,
            base={Field.EXTENSION: Base("215", "215")},
            open_matters=(Matter(MatterKind.NUMBER_TAKEN, field=Field.EXTENSION),),
        ),
        False,
    ),
}


@pytest.mark.parametrize(("record", "disputed"), DISPUTES.values(), ids=DISPUTES.keys())
def test_number_is_in_dispute_until_it_is_agreed(record: KnownRecord, disputed: bool) -> None:
    assert plan(record=record).number_in_dispute is disputed
