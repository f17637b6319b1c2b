"""What was made of one planned row while it was written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from syncapp.core.records import Message, Refused, unusable
from syncapp.core.vocabulary import Field, Outcome, Side
from syncapp.store.bulk import as_json
from syncapp.store.items import PlannedRow, dump_messages


@dataclass(frozen=True, slots=True)
class Content:
    """A content as it is kept here: `mark` is its digest, `token` the encrypted text of a secret."""

    mark: str
    token: str = ""


@dataclass(frozen=True, slots=True)
class Unusable:
    """A content that cannot be kept here, and why."""

    message: Message


Contents = Mapping[tuple[str, str], Content | Unusable]  # by anchor and field


@dataclass(slots=True)
class Written:
    """One planned row on its way into the database, and what became of it."""

    row: PlannedRow
    outcome: str
    message_code: str
    message_params: str
    employee_id: int | None
    record_id: int | None
    changes: dict[str, str]  # of the employee: field to value
    base: Mapping[str, list[Any]]  # never changed in its place: the plan's own may be tried once more
    sip_secret: str | None = None  # encrypted
    left_out: tuple[Field, ...] = ()  # contents that did not come in
    unusable: tuple[tuple[Field, Refused], ...] = ()  # those that never can
    remarks: Sequence[dict[str, Any]] = ()
    creates: bool = False  # an employee
    updates: bool = False  # an employee who exists
    due: bool = False
    due_again: bool = False  # something of it is left for the next run
    refused: bool = False

    @property
    def unwritten(self) -> list[str]:
        if self.due:
            names = [(Side.LOCAL, name) for name in self.row.changes] + [
                (Side.REMOTE, name) for name in self.row.pushes
            ]
            return [f"{side}:{name}" for side, name in names]
        if len(self.changes) == len(self.row.changes):  # of most people everything came in
            return []
        return [f"{Side.LOCAL}:{name}" for name in self.row.changes if name not in self.changes]

    def take_content(self, name: Field, content: "Content | Unusable | None") -> None:
        """Put the content itself in the place of the digest by which it was planned, or leave the field out."""
        before, digest = self.row.changes[name]
        if isinstance(content, Content):
            self.changes[name.value] = content.mark
            if content.mark == before:  # another file of the picture that is kept here: agreed, and no change
                del self.changes[name]
            self.base = {**self.base, name.value: [content.mark, digest, 1]}
            if name is Field.SIP_SECRET:
                self.sip_secret = content.token
            return
        del self.changes[name]
        self.base = {field: pair for field, pair in self.base.items() if field != name}
        self.left_out += (name,)
        if content is not None:
            self.remarks = [*self.remarks, *dump_messages((content.message,))]
            self.unusable += ((name, unusable(digest, content.message)),)
        else:  # it is another one by now, or gone
            self.due_again = True

    def leave_out(self, code: str, **params: Any) -> None:
        self.due, self.creates, self.updates = True, False, False
        self.say(Outcome.SKIPPED, code, **params)

    def refuse(self) -> None:
        self.refused, self.creates, self.updates = True, False, False

    def say(self, outcome: Outcome, code: str, **params: Any) -> None:
        self.outcome, self.message_code, self.message_params = outcome.value, code, as_json(params)
