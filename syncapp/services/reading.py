"""Step 2 and 3 of a run: what the directory says, beside what is known of it."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Protocol

from django.utils import timezone

from syncapp.core.absence import Evidence, judge, same_scope
from syncapp.core.composition import attributes_as_typed
from syncapp.core.converters import attributes_of, read_person
from syncapp.core.fingerprint import fingerprint, settings_digest
from syncapp.core.generalized_time import time_of_change
from syncapp.core.options import FieldRule
from syncapp.core.outward import PROBES
from syncapp.core.phones import is_before
from syncapp.core.records import KnownRecord, Message, RemotePerson, RemoteRecord, Scope
from syncapp.core.vocabulary import TEXT_FIELDS, Field
from syncapp.core.watermark import Watermark
from syncapp.exceptions import FullReadNeededError
from syncapp.models import PhoneSystem
from syncapp.services.contents import OpaqueReader, without_unusable
from syncapp.services.endpoints import Synchronised, sync_options
from syncapp.services.ports import EndpointSession
from syncapp.services.remote_read import NEVER_LOOKED, LastLook, RemoteRead
from syncapp.services.settled import Packed, Settled
from syncapp.store import snapshots
from syncapp.store.bulk import CHUNK, in_chunks
from syncapp.store.sent import unknown_writes

# Longer than two clocks are usually apart.
LATELY = timedelta(minutes=5)
# When more than one in so many need a look, it is asked first who has a photo at all: often nobody has.
FEW = 20
# Entries that are read one by one between two signs of life.
BEAT_EVERY = 200
# Changed people who are read together (rule E6).
TOGETHER = 100
# Absent people who are looked up between two signs of life.
LOOKED_UP = 200


class Keeper(Protocol):
    """Is told that a read goes on, and what there is to note: a run's keeper, or nobody."""

    def beat(self) -> None: ...
    def note(self, code: str, **params: Any) -> None: ...


class DirectoryReader:
    """Reads people over an open session, with a server's settings as they are now.

    `sends`: whether this run may write to the directory.
    """

    def __init__(self, server: Synchronised, session: EndpointSession, keeper: Keeper, *, sends: bool) -> None:
        self._server, self._session, self._keeper, self._sends = server, session, keeper, sends
        self.options = sync_options(server, session.kind)
        self._opaque = OpaqueReader(self.options, session)
        # Not the photo itself: that something of the entry has changed tells that it may have, too.
        rules = [rule for rule in self.options.rules if rule.field is not Field.PHOTO]
        marker = [session.change_marker] if len(rules) < len(self.options.rules) else []
        self._wanted = sorted({*marker, *(name for rule in rules for name in attributes_of(rule.attribute))})
        self._written = [
            rule.attribute.lower() for rule in rules if sends and rule.pushes and rule.field in TEXT_FIELDS
        ]
        self._compared = [name for name in self._wanted if name not in marker]
        self._coarse = bool(marker) and session.marker_is_coarse
        self._digest = settings_digest(self.options)
        self._scope: Scope | None = None
        self._is_checked = False

    def _check(self) -> None:
        """Refuse what the schema does not know, before anything is read by it."""
        if not self._is_checked:
            rules = self.options.rules
            self._session.check_attributes(
                sorted({name for rule in rules for name in attributes_as_typed(rule.attribute)})
            )
            for note in self._session.notes:
                self._keeper.note(note.code, **note.params)
        self._is_checked = True

    def everybody(
        self, beat: Callable[[int], None], last: LastLook = NEVER_LOOKED, settled: Settled | None = None
    ) -> RemoteRead:
        """Read everybody in scope, or raise: never a part of them (promise 4). Then look for who did not come.

        A person whose fingerprint is the stored one, and who is not due, is passed
        over before anything is decoded; but a few of those who wait, for a right that
        was missing may be there by now (rule B10). `settled` decides about people of
        whom no more has to be known.
        """
        self._check()
        unknown = unknown_writes(self._server.pk)
        read = RemoteRead(self.options, self._session.uri, settled=settled, unknown=unknown)
        passports = snapshots.passports(self._server.pk)
        probes = PROBES if self._sends else 0
        empty = {rule for rule in self.options.rules if rule.field is not Field.PHOTO}
        record_ids = []
        for page in self._session.pages(self._wanted, now=read.at, mark=True):
            for raw in page:
                record = self._opaque.conceal(raw)
                mark = fingerprint(record, self._wanted, self._digest)
                passport = passports.pop(record.anchor, None)
                if empty:
                    empty -= _filled(empty, record)
                if passport is not None and passport.fingerprint == mark and not passport.due:
                    if not (passport.waiting and probes):
                        continue
                    probes -= 1
                whole = self._session.whole(raw)
                if whole is None:  # gone since the list was read: the next run says so
                    continue
                alone = passport is not None and passport.may_be_settled and record.anchor not in unknown
                if settled is not None and passport is not None and alone:
                    read.kept.append(Packed.of(record, mark, passport.record_id))
                    continue
                read.people.append(self._person(record if whole is raw else self._opaque.conceal(whole), mark, read.at))
                if passport is not None:
                    record_ids.append(passport.record_id)
            read.count += len(page)
            beat(read.count)
        read.watermark = self._session.watermark
        read.never_filled = frozenset(rule.field for rule in empty)
        if (len(read.people) + len(read.kept)) * FEW > read.count:
            read.having = self._opaque.who_has_one(self._keeper.beat)
        self._completed(read, record_ids)
        absent = [
            passport.record_id
            for anchor, passport in passports.items()  # of those who did not come
            if passport.is_expected and not (self.options.phone and is_before(anchor))
        ]
        self._look_for(absent, read, last, read.at)
        return read

    def decide_alone(self, read: RemoteRead, beat: Callable[[int], None]) -> None:
        """Decide about people some at a time; among the `people` to be planned come those of whom more has to be known.

        `beat` is told how many have been looked at.
        """
        settled, done = read.settled, 0
        while settled is not None and read.kept:
            chunk = [read.kept.popleft() for _each in range(min(CHUNK, len(read.kept)))]
            people = [self._person(each.unpacked(), each.fingerprint, read.at) for each in chunk]
            known = snapshots.known_records(self._server.pk, [each.record_id for each in chunk])
            people = self._looked_at(people, known, read.having)
            for person in settled.sift(people, known, uri=read.uri, aside=read.aside):
                read.people.append(person)
                read.known[person.anchor] = record = known[person.anchor]
                read.known_by_id[record.id] = record
            done += len(chunk)
            beat(done)

    def _look_for(self, record_ids: Collection[int], read: RemoteRead, last: LastLook, now: datetime) -> None:
        """Find out where people are who did not come, without regard to the scope (rules D2, D3)."""
        read.scope = self._scope = self._session.scope()
        read.scope_changed = last.scope is not None and not same_scope(last.scope, read.scope)
        records = snapshots.known_records(self._server.pk, record_ids)
        previous = last.scope if read.scope_changed else None
        entries = [(record.anchor, record.dn) for record in records.values()]
        found = self._session.whereabouts(entries, now=now, previous=previous)
        for done, (anchor, where) in enumerate(found, 1):
            record = records[anchor]
            # A box has one address at a time, and its list is all that there is.
            shown_by = self._session.uri if self.options.phone else last.uri
            absence = judge(record, where, uri=self._session.uri, shown_by=shown_by)
            if absence is not None and self.options.phone:
                absence = absence._replace(message=Message(Evidence.FROM_PHONES))
            if absence is None:
                read.seen.add(record.id)
            else:
                read.absent.append(absence)
                read.known_by_id[record.id] = record
            if done % LOOKED_UP == 0:
                self._keeper.beat()

    def settings(self) -> str:
        """Digest of whatever decides who is read, how, and by whom: changes since another one say too little."""
        scope, server = self.scope(), self._server
        if isinstance(server, PhoneSystem):  # it tells no changes: everybody is listed by one request
            return ""
        decisive = [sorted(scope.bases.items()), scope.filter, server.bind_dn, self._session.kind]
        entries = [server.anchor_attribute, server.disabled_attribute, server.disabled_value]
        # A run that may not write yet leaves people who wait, and changes alone would not bring them.
        digest = settings_digest(replace(self.options, write_back=self._sends))
        text = json.dumps([digest.hex(), *decisive, *entries])
        return blake2b(text.encode(), digest_size=16).hexdigest()

    def scope(self) -> Scope:
        """Return who is read, which is asked of the server once."""
        if self._scope is None:
            self._scope = self._session.scope()
        return self._scope

    def changed(self, watermark: Watermark, beat: Callable[[int], None]) -> RemoteRead:
        """Read who has changed since, and who is due (rule E6).

        Where anybody needs a look, so do those whose open matter that may move. Raise
        FullReadNeededError where it is not sure who has changed, and where somebody
        known has left: that only a full read can say (rule D2).
        """
        read = RemoteRead(self.options, self._session.uri, whole=False, scope=self.scope())
        now = timezone.now()
        delta = self._session.changes(watermark, now=now)
        read.watermark = delta.watermark
        entries = [*delta.entries, *snapshots.due_entries(self._server.pk)]
        came: set[str] = set()
        record_ids = self._look_at(entries, read, came, beat, now)
        self._expect_nobody_left({*delta.gone, *(anchor for anchor, _dn in entries)} - came, delta.present, came)
        if read.people:
            record_ids += self._look_at(snapshots.movable_entries(self._server.pk), read, came, beat, now)
        return self._completed(read, record_ids)

    def _look_at(
        self,
        entries: Iterable[tuple[str, str]],
        read: RemoteRead,
        came: set[str],
        beat: Callable[[int], None],
        now: datetime,
    ) -> list[int]:
        """Read entries that are in scope, each once, and keep those who need a look; return their records."""
        record_ids: list[int] = []
        for chunk in in_chunks((each for each in entries if each[0] not in came), TOGETHER):
            self._check()
            found = {
                raw.anchor: self._opaque.conceal(raw)
                for _anchor, raw in self._session.fetch(chunk, self._wanted, now=now, in_scope=True)
                if raw is not None and raw.anchor not in came
            }
            passports = snapshots.passports_of(self._server.pk, found)
            for anchor, record in found.items():
                mark, passport = fingerprint(record, self._wanted, self._digest), passports.get(anchor)
                if passport is None or passport.fingerprint != mark or passport.due:
                    read.people.append(self._person(record, mark, now))
                    record_ids += [passport.record_id] if passport is not None else []
            came.update(found)
            read.count = len(came)
            beat(read.count)
        return record_ids

    def _expect_nobody_left(self, gone: set[str], present: Collection[str] | None, came: set[str]) -> None:
        left = snapshots.expected_entries(self._server.pk, gone)
        if not left and present is not None:
            left = snapshots.expected_entries(self._server.pk) - set(present) - came
        if left:
            raise FullReadNeededError("full_read_leavers", count=len(left))

    def some(self, entries: Sequence[tuple[str, str]]) -> RemoteRead:
        """Read certain people of the scope, given by anchor and last known DN; nothing is said of who is not there."""
        self._check()
        read = RemoteRead(self.options, self._session.uri, whole=False)
        now = timezone.now()
        for _anchor, raw in self._session.fetch(entries, self._wanted, now=now, in_scope=True):
            if raw is None:
                continue
            read.count += 1
            record = self._opaque.conceal(raw)
            read.people.append(self._person(record, fingerprint(record, self._wanted, self._digest), now))
        known = snapshots.passports_of(self._server.pk, {person.anchor for person in read.people})
        return self._completed(read, [passport.record_id for passport in known.values()])

    def again(self, entries: Iterable[tuple[str, str]], beat: Callable[[], None]) -> dict[str, RemotePerson]:
        """Read entries of a plan once more, by anchor; left out is who is not in scope any more.

        Without photos: those are compared when they are carried.
        """
        self._check()
        now = timezone.now()
        found = {}
        for number, (anchor, raw) in enumerate(
            self._session.fetch(entries, self._wanted, now=now, in_scope=True), start=1
        ):
            if raw is not None:
                found[anchor] = self._person(self._opaque.conceal(raw), "", now)
            if number % BEAT_EVERY == 0:
                beat()
        return found

    def _person(self, record: RemoteRecord, mark: str, now: datetime) -> RemotePerson:
        """Read an entry. Without a fingerprint it is looked at again: a clock of seconds may hide a second change."""
        if self._coarse and _changed_lately(record.attributes.get(self._session.change_marker), now):
            mark = ""
        seen = fingerprint(record, self._compared, b"")
        person = self._opaque.with_secret(read_person(record, self.options, fingerprint=mark, seen=seen), record)
        if not self._written:
            return person
        raw = {name: record.attributes[name] for name in self._written if name in record.attributes}
        return person._replace(raw=raw)

    def _completed(self, read: RemoteRead, record_ids: Sequence[int]) -> RemoteRead:
        """Add the photos, and what is known of everybody who needs a look."""
        read.known = snapshots.known_records(self._server.pk, record_ids)
        read.known_by_id = {record.id: record for record in read.known.values()}
        read.people = self._looked_at(read.people, read.known, read.having)
        return read

    def _looked_at(
        self, people: list[RemotePerson], known: Mapping[str, KnownRecord], having: Collection[str] | None
    ) -> list[RemotePerson]:
        self._opaque.add_photos(people, self._keeper.beat, having)
        return [without_unusable(person, known.get(person.anchor)) for person in people]


def _changed_lately(values: Sequence[bytes] | None, now: datetime) -> bool:
    """Whether an entry was changed in the last minutes, or does not say so that we can read it."""
    changed = time_of_change(values[0]) if values else None
    return changed is None or now - changed < LATELY


def _filled(rules: Iterable[FieldRule], record: RemoteRecord) -> set[FieldRule]:
    """Those of the rules for which the entry has any value."""
    return {rule for rule in rules if any(record.attributes.get(name) for name in attributes_of(rule.attribute))}
