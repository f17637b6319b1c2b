"""What an import would do, row by row. Reads only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import orjson

from syncapp.core.normalise import email_key
from syncapp.core.planned import FieldChange
from syncapp.core.records import Message
from syncapp.core.spreadsheet import plain_cell
from syncapp.core.values import clean
from syncapp.core.vocabulary import Field, Side
from syncapp.services.sheets.columns import ID, Columns, Sheet, SheetError, read_head
from syncapp.services.sheets.hub import DEFAULT_PLAN, FIELDS, Hub, Person
from syncapp.services.typed import TypedValueError, read_typed, refuse_nameless, typing_region
from syncapp.store.phone_numbers import held_in

HEAD_ROWS = 1  # people count the rows of a sheet from 1, and the first is the head


@dataclass(frozen=True, slots=True)
class RowPlan:
    """One row with something to do: a new person where `employee_id` is None."""

    number: int
    employee_id: int | None
    version: int
    number_plan: str
    name: str
    changes: tuple[FieldChange, ...]

    @property
    def values(self) -> dict[str, str]:
        return {change.field.value: change.after for change in self.changes}


@dataclass(slots=True)
class SheetPlan:
    """`mistakes` are rows with what is wrong: while there is one, nothing is imported."""

    rows: list[RowPlan] = field(default_factory=list)
    unchanged: int = 0
    mistakes: list[tuple[int, Message]] = field(default_factory=list)
    ignored: tuple[str, ...] = ()

    @property
    def created(self) -> list[RowPlan]:
        return [row for row in self.rows if row.employee_id is None]

    @property
    def changed(self) -> list[RowPlan]:
        return [row for row in self.rows if row.employee_id is not None]

    @property
    def digest(self) -> str:
        """What was shown, in short: versions of the people included."""
        shown = [(row.number, row.employee_id, row.version, row.changes) for row in self.rows]
        return blake2b(orjson.dumps(shown, default=list), digest_size=16).hexdigest()


def plan_sheet(sheet: Sheet, *, may_add: bool) -> SheetPlan:
    """Plan a sheet (two queries, and one where numbers change). An empty cell leaves the value alone; who is not in the sheet stays as he is."""
    columns = read_head(sheet.head)
    plan = SheetPlan(ignored=columns.ignored)
    hub, region = Hub(), typing_region()
    seen: dict[object, int] = {}
    for number, cells in _rows(sheet, columns):
        person = hub.find(cells)
        if isinstance(person, Message):
            plan.mistakes.append((number, person))
            continue
        same = ("id", person.id) if person else ("email", email_key(cells.get("email", "")))
        if same[1] and seen.setdefault(same, number) != number:
            plan.mistakes.append((number, Message("sheet_row_twice", {"row": seen[same]})))
            continue
        _plan_row(plan, number, cells, person, region=region, may_add=may_add)
    if not plan.rows and not plan.unchanged and not plan.mistakes:
        raise SheetError("sheet_empty")
    _judge_numbers(plan, hub)
    plan.mistakes.sort(key=lambda mistake: mistake[0])
    return plan


def _rows(sheet: Sheet, columns: Columns) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows that have something in a column of ours, with the cells that are not empty."""
    for number, row in enumerate(sheet.rows, HEAD_ROWS + 1):
        cells = {name: plain_cell(row[at].strip()) for name, at in columns.of.items() if at < len(row)}
        filled = {name: text for name, text in cells.items() if text}
        if filled.keys() - {ID}:
            yield number, filled


def _plan_row(
    plan: SheetPlan, number: int, cells: dict[str, str], person: Person | None, *, region: str, may_add: bool
) -> None:
    has = person.values if person else {}
    changes = []
    wrong: list[Message] = []
    for name in FIELDS:
        before, text = has.get(name, ""), cells.get(name, "")
        if not text or clean(text) == before:  # what stands here already is right, whatever rules say of it today
            continue
        try:
            after = read_typed(Field(name), text, region=region)
        except TypedValueError as error:
            wrong.append(Message(error.code, error.params))
            continue
        if after != before:
            changes.append(FieldChange(Field(name), Side.LOCAL, before, after))
    if not wrong:
        wrong = _refusals(changes, person, may_add=may_add)
    plan.mistakes += [(number, message) for message in wrong]
    if wrong:
        return
    if not changes:
        plan.unchanged += 1
        return
    row = RowPlan(
        number=number,
        employee_id=person.id if person else None,
        version=person.version if person else 0,
        number_plan=person.number_plan if person else DEFAULT_PLAN,
        name=str(person) if person else next(change.after for change in changes),
        changes=tuple(changes),
    )
    plan.rows.append(row)


def _refusals(changes: Sequence[FieldChange], person: Person | None, *, may_add: bool) -> list[Message]:
    if person is not None:
        return [Message("sheet_archived", {"name": str(person)})] if person.archived and changes else []
    try:
        refuse_nameless({change.field.value: change.after for change in changes})
    except TypedValueError as error:
        return [Message(error.code, error.params)]
    return [] if may_add else [Message("sheet_may_not_add")]


def _judge_numbers(plan: SheetPlan, hub: Hub) -> None:
    """Refuse numbers that somebody else would have too, when all the sheet is done: swaps are fine."""
    taking: dict[tuple[str, str], int] = {}
    moving = {row.employee_id for row in plan.rows if "extension" in row.values}
    uses = {each: held_in(each) for each in {row.number_plan for row in plan.rows if row.values.get("extension")}}
    for row in plan.rows:
        number = row.values.get("extension", "")
        if not number:
            continue
        key = row.number_plan, number
        owner = hub.by_number.get(key)
        if key in taking:
            plan.mistakes.append((row.number, Message("sheet_number_twice", {"number": number, "row": taking[key]})))
        elif owner is not None and owner != row.employee_id and owner not in moving:
            taken = {"number": number, "owner": str(hub.people[owner])}
            plan.mistakes.append((row.number, Message("typed_number_taken", taken)))
        elif use := uses[row.number_plan].get(number):
            in_use = {"number": number, "use": use.dump()}
            plan.mistakes.append((row.number, Message("typed_number_in_phones", in_use)))
        taking.setdefault(key, row.number)
