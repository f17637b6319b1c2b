"""Writing people of a phone system: never over somebody's edit, and with as few requests as that takes."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from syncapp.core.normalise import fold, name_key
from syncapp.core.phones import is_same_person
from syncapp.core.records import Message, RemoteRecord
from syncapp.core.vocabulary import Field, RefusalKind
from syncapp.core.writes import AttributeWrite, MakeJob, MakeResult, WriteJob, WriteRefusal, WriteResult
from syncapp.exceptions import TelephonyLoginError
from syncapp.telephony.attributes import EMAIL, MOBILE, NAME, NUMBER, PICTURE, SECRET, Seen, summary_of, whole
from syncapp.telephony.forms import same_caller, same_number
from syncapp.telephony.protocol import NewPerson, PhonePerson, PhoneSession, Summary, Written, forwarding_to
from syncapp.telephony.sip_secret import is_unfit

if TYPE_CHECKING:
    from syncapp.telephony.endpoint import PhoneEndpoint

# Looks at the list of which each serves a part of the people who are written: of four or fewer everybody has his own.
LOOKS = 4
# At most so many people after one look, and so many seconds: who is edited there in between is run over.
AT_A_TIME = 25
HOLDS_FOR = 20.0
SHORTEST, LONGEST = 2, 8  # digits; the box cuts what is longer, and that is another number
FIELDS = {NAME: Field.NAME, EMAIL: Field.EMAIL, NUMBER: Field.EXTENSION, MOBILE: Field.MOBILE}
# Named in one remark; of more the number is said.
NAMED = 20


class Writer:
    """Carries out what a run has for the phone system, one person after the other.

    Just before, the list is looked at once more. `expect` says for how many people:
    the fewer, the fewer of them share a look.
    """

    def __init__(
        self,
        endpoint: "PhoneEndpoint",
        session: PhoneSession,
        region: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._endpoint, self._session, self._region, self._clock = endpoint, session, region, clock
        self._at_a_time = 1
        self._since_look = 0
        self._looked_at: float | None = None
        self._names: Mapping[str, str] | None = None

    def expect(self, people: int) -> None:
        self._at_a_time = max(1, min(AT_A_TIME, -(-people // LOOKS)))

    def write(self, jobs: Iterable[WriteJob], *, pictures: bool) -> Iterator[WriteResult]:
        """Carry out jobs; with `pictures` those of people who have one are shown to the jobs."""
        for job in jobs:
            yield self._write(job, pictures=pictures)

    def make(self, jobs: Iterable[MakeJob]) -> Iterator[MakeResult]:
        for job in jobs:
            yield self._make(job)

    def _write(self, job: WriteJob, *, pictures: bool) -> WriteResult:
        row, before_look = self._rows().get(job.anchor), self._endpoint.everybody_seen().get(job.anchor)
        seen = self._endpoint.look(row) if row is not None else None
        if row is None or seen is None or not _is_the_same(before_look, row):
            return WriteResult(job.anchor)
        shown = self._endpoint.with_picture(row).attributes if pictures else {}
        before = self._entry(seen, shown)
        writes = job.prepare(before)
        if any(each.attribute == MOBILE and not self._is_as_seen(seen.person, each.new) for each in writes):
            seen = self._endpoint.look(row, anew=True)
            if seen is None:
                return WriteResult(job.anchor)
            before = self._entry(seen, shown)
            writes = job.prepare(before)
        if not writes:
            return WriteResult(job.anchor, before=before)
        refused = _unfit(writes)
        if refused:
            return WriteResult(job.anchor, before=before, refused=refused)
        return self._sent(job, before, seen, writes)

    def _is_as_seen(self, person: PhonePerson, mobile: bytes | None) -> bool:
        """Whether a mobile may be replaced by what was seen of it, without asking for the details once more.

        The list shows what is dialled and not the mobile behind it: that the mobile still
        is this person's, the list of all numbers tells, by one request for many people. What
        leads to it stands in the details alone, so a forward that is known, or a mobile that
        is taken away, is looked at there.
        """
        if not person.mobile:  # and nothing is dialled, or the list would show it
            return True
        if not mobile or any(same_number(number, person.mobile) for number in person.forwards.values()):
            return False
        namesakes = sum(same_caller(row.name, person.name) for row in self._endpoint.rows().values())
        return namesakes == 1 and same_caller(self._holders().get(person.mobile, ""), person.name)

    def _holders(self) -> Mapping[str, str]:
        """Map numbers to the names of those who have them, as they are since the last look."""
        if self._names is None:
            try:
                numbers = self._session.numbers()
            except TelephonyLoginError:  # the key may not read them: then the details are asked for
                numbers = ()
            self._names = {each.number: each.name for each in numbers}
        return self._names

    def _entry(self, seen: Seen, shown: Mapping[str, list[bytes]]) -> RemoteRecord:
        record = whole(seen, self._region)
        return record._replace(attributes={**record.attributes, **shown})

    def _sent(self, job: WriteJob, before: RemoteRecord, seen: Seen, writes: Sequence[AttributeWrite]) -> WriteResult:
        values = {FIELDS[each.attribute]: (each.new or b"").decode() for each in writes if each.attribute in FIELDS}
        pictures = [each.new or b"" for each in writes if each.attribute == PICTURE]
        secret = next((each.new or b"" for each in writes if each.attribute == SECRET), b"").decode()
        self._since_look += 1
        picture = pictures[0] if pictures else None
        done = self._session.change(seen.person, values, picture=picture, secret=secret, is_fresh=True)
        names = frozenset(each.attribute for each in writes)
        if done.person is None and done.refusal is None:
            return WriteResult(job.anchor)
        if done.refusal is not None:
            return WriteResult(
                job.anchor, before=before, refused=dict.fromkeys(names, done.refusal), remarks=done.remarks
            )
        after = self._after(done, seen.summary)
        if pictures:  # the answer does not show it: what was taken is what was sent
            after = after._replace(attributes={**after.attributes, PICTURE: [raw for raw in pictures if raw]})
        remarks = (*done.remarks, *self._forwards_elsewhere(seen.person, done.person))
        return WriteResult(
            job.anchor, before, names, after=after, answered=True, unseen=names & {SECRET}, remarks=remarks
        )

    def _make(self, job: MakeJob) -> MakeResult:
        number = job.values.get(Field.EXTENSION, "")
        if not _fits(number):
            return MakeResult(job.anchor, refusal=_too_long(number))
        if job.secret and is_unfit(job.secret):
            return MakeResult(job.anchor, refusal=_unfit_secret())
        if self._came_meanwhile(job):
            return MakeResult(job.anchor, refusal=WriteRefusal(RefusalKind.BUSY, Message("phone_came_meanwhile")))
        self._since_look += 1
        done = self._session.create(
            NewPerson(
                name=job.values.get(Field.NAME, ""),
                number=number,
                email=job.values.get(Field.EMAIL, ""),
                mobile=job.values.get(Field.MOBILE, ""),
                picture=job.picture,
                secret=job.secret,
            )
        )
        if done.person is None:
            return MakeResult(job.anchor, refusal=done.refusal, remarks=done.remarks)
        return MakeResult(job.anchor, self._after(done, None), remarks=done.remarks)

    def _came_meanwhile(self, job: MakeJob) -> bool:
        """Whether somebody of that name or address came into the list since people were read: the next run matches him."""
        known = self._endpoint.everybody_seen()
        name, email = name_key(job.values.get(Field.NAME, "")), fold(job.values.get(Field.EMAIL, ""))
        return any(
            name_key(row.name) == name or (email and fold(row.email) == email)
            for anchor, row in self._rows().items()
            if anchor not in known
        )

    def _after(self, done: Written, before: Summary | None) -> RemoteRecord:
        """Return a person as the answer to our write shows him, and remember that."""
        person = done.person
        assert person is not None  # noqa: S101  # who was not refused is there
        seen = Seen(summary_of(person, before), person)
        self._endpoint.remember(seen)
        return whole(seen, self._region)

    def _rows(self) -> Mapping[str, Summary]:
        """Return the list, asked for anew where the last look has served its part or is too long ago."""
        now = self._clock()
        is_old = self._looked_at is None or now - self._looked_at > HOLDS_FOR
        if is_old or self._since_look >= self._at_a_time:
            self._since_look, self._looked_at, self._names = 0, now, None
            return self._endpoint.list_anew()
        return self._endpoint.rows()

    def _forwards_elsewhere(self, before: PhonePerson, after: PhonePerson | None) -> tuple[Message, ...]:
        """Name other people whose calls still go to a mobile that is nobody's any more."""
        if after is None or not before.mobile or before.mobile == after.mobile:
            return ()
        others = (seen.person for seen in self._endpoint.everybody_seen().values())
        people = sorted(each.name for each in forwarding_to(before.mobile, others) if each.anchor != before.anchor)
        if not people:
            return ()
        return (Message("phone_forwards_of_others", {"mobile": before.mobile, "people": people[:NAMED]}),)


def _is_the_same(before: Seen | None, now: Summary) -> bool:
    """Whether a row still is the person who was planned with (rule A11): it may be another box by now."""
    if before is None:
        return False
    was = before.summary
    return is_same_person(was.name, was.email, names=[now.name], emails=[now.email])


def _fits(number: str) -> bool:
    return number.isdigit() and SHORTEST <= len(number) <= LONGEST


def _unfit(writes: Sequence[AttributeWrite]) -> dict[str, WriteRefusal]:
    """Refuse here what the box would refuse or store as something else, and that a number be taken away."""
    refused = {}
    for each in writes:
        text = (each.new or b"").decode() if each.attribute in (NUMBER, SECRET) else ""
        if each.attribute == NUMBER and not _fits(text):
            refused[NUMBER] = _too_long(text)
        elif each.attribute == SECRET and is_unfit(text):
            refused[SECRET] = _unfit_secret()
    return refused


def _unfit_secret() -> WriteRefusal:
    return WriteRefusal(RefusalKind.VALUE, Message("phone_secret_unfit"))


def _too_long(number: str) -> WriteRefusal:
    params = {"number": number, "shortest": SHORTEST, "longest": LONGEST}
    return WriteRefusal(RefusalKind.VALUE, Message("phone_number_unfit", params))
