"""What every phone system's session does: run against the fake, the simulator, and a real box on request."""

from contextlib import AbstractContextManager
from typing import Protocol

import pytest

from syncapp.core.phone_numbers import NumberInUse
from syncapp.core.vocabulary import Field, NumberKind
from syncapp.telephony.protocol import NewPerson, PhonePerson, PhoneSession, Written

PICTURE = b"\xff\xd8\xff\xe0" + b"\1" * 2000
SECRET, OTHER_SECRET = "Kp4vTz8RmQ2wYs6BnH3d", "Rt7mWq3ZxB9nLc5KpD2f"
MOBILE, OTHER_MOBILE = "+79001112233", "+79005556677"


class World(Protocol):
    """A phone system that a test may change; `number` gives numbers that are free there, by a count of our own."""

    def number(self, count: int) -> str: ...
    def name(self, name: str) -> str:
        """Return a name that nobody else has there."""

    def add(self, name: str, *, number: str = "", mobile: str = "", dial_string: str = "", forward: str = "") -> str:
        """Put somebody in, not by a session; return the anchor."""

    def edit(self, anchor: str, *, email: str) -> None: ...
    def remove(self, anchor: str) -> None: ...
    def secret(self, anchor: str) -> str:
        """Return the secret of somebody, as sessions never tell it."""

    def writes(self) -> int:
        """How many writes of sessions came so far."""

    def session(self) -> AbstractContextManager[PhoneSession]: ...


class PhoneSystemContract:
    """Inherited by the tests of each phone system, which bring the fixture `world`."""

    @pytest.fixture
    def anna(self, world: World) -> str:
        return world.add(world.name("Anna Orlova"), number=world.number(1))

    def test_lists_everybody(self, world: World, anna: str) -> None:
        with world.session() as session:
            [row] = [each for each in session.summaries() if each.anchor == anna]

        assert (row.name, row.number) == (world.name("Anna Orlova"), world.number(1))

    def test_tells_everything_of_those_who_are_asked_for(self, world: World, anna: str) -> None:
        with world.session() as session:
            rows = [each for each in session.summaries() if each.anchor == anna]
            world.remove(anna)
            gone = session.people(rows)

        assert gone == {anna: None}

    def test_tells_numbers_of_every_kind(self, world: World) -> None:
        world.add(world.name("Anna Orlova"), number=world.number(1), mobile=MOBILE.removeprefix("+"))

        with world.session() as session:
            occupied = session.occupied()
            numbers = {each.number: each for each in session.numbers()}

        assert occupied[world.number(1)] == "SIP"
        assert occupied[MOBILE.removeprefix("+")] == "EXTERNAL"
        assert numbers[world.number(1)] == NumberInUse(world.number(1), NumberKind.PERSON, world.name("Anna Orlova"))
        assert numbers.keys() == occupied.keys()

    def test_makes_a_person(self, world: World) -> None:
        with world.session() as session:
            made = session.create(
                NewPerson(f"  {world.name('Vera Lind')}", world.number(2), "v.lind@corp.example", MOBILE)
            )
            assert made.person is not None
            [row] = [each for each in session.summaries() if each.anchor == made.person.anchor]
            seen = session.people([row])[row.anchor]

        assert made == Written(made.person)
        assert seen == made.person
        assert (seen.name, seen.number, seen.email) == (world.name("Vera Lind"), world.number(2), "v.lind@corp.example")
        assert (seen.mobile, seen.dial_string) == ("79001112233", "79001112233")

    def test_does_not_make_a_person_with_a_number_in_use(self, world: World, anna: str) -> None:
        with world.session() as session:
            refused = session.create(NewPerson(world.name("Vera Lind"), world.number(1)))

        assert refused.person is None
        assert refused.refusal is not None
        assert refused.refusal.message.code == "phone_number_taken"

    def test_says_where_something_else_is_kept_than_was_sent(self, world: World) -> None:
        with world.session() as session:
            made = session.create(NewPerson(world.name("Vera Lind"), world.number(2) + "34"))

        assert made.person is not None
        assert made.person.number == (world.number(2) + "34")[:8]
        assert [remark.code for remark in made.remarks] == ["phone_kept_otherwise"]

    def test_changes_what_is_asked_for(self, world: World, anna: str) -> None:
        values = {
            Field.NAME: world.name("Anna Nova"),
            Field.EMAIL: "nova@corp.example",
            Field.EXTENSION: world.number(3),
            Field.MOBILE: MOBILE,
        }
        with world.session() as session:
            changed = session.change(person(session, anna), values)

            assert changed == Written(person(session, anna))
        assert changed.person is not None
        assert (changed.person.name, changed.person.email) == (world.name("Anna Nova"), "nova@corp.example")
        assert (changed.person.number, changed.person.mobile) == (world.number(3), "79001112233")
        assert changed.person.dial_string == "79001112233"

    def test_writes_nothing_where_nothing_differs(self, world: World, anna: str) -> None:
        with world.session() as session:
            before = person(session, anna)
            writes = world.writes()
            session.change(before, {Field.NAME: before.name, Field.EXTENSION: before.number, Field.MOBILE: ""})

        assert world.writes() == writes

    def test_runs_nobody_over(self, world: World, anna: str) -> None:
        with world.session() as session:
            before = person(session, anna)
            world.edit(anna, email="desk@corp.example")
            changed = session.change(before, {Field.EMAIL: "ours@corp.example"})

            assert changed.drifted == {Field.EMAIL}
            assert person(session, anna).email == "desk@corp.example"

    def test_refuses_to_change_who_is_gone(self, world: World, anna: str) -> None:
        with world.session() as session:
            before = person(session, anna)
            world.remove(anna)
            changed = session.change(before, {Field.EMAIL: "ours@corp.example"})

        assert changed.refusal is not None
        assert changed.refusal.message.code == "phone_person_gone"

    def test_refuses_a_number_in_use(self, world: World, anna: str) -> None:
        other = world.add(world.name("Bert Probe"), number=world.number(2))
        with world.session() as session:
            changed = session.change(person(session, other), {Field.EXTENSION: world.number(1)})

            assert changed.refusal is not None
            assert changed.refusal.message.code == "phone_number_taken"
            assert person(session, other).number == world.number(2)

    def test_dial_string_keeps_its_prefix(self, world: World) -> None:
        anchor = world.add(
            world.name("Cleo Dial"),
            number=world.number(1),
            mobile="79001112233",
            dial_string="979001112233",
            forward="79001112233",
        )
        with world.session() as session:
            changed = session.change(person(session, anchor), {Field.MOBILE: OTHER_MOBILE})

        assert changed.person is not None
        assert (changed.person.mobile, changed.person.dial_string) == ("79005556677", "979005556677")
        assert set(changed.person.forwards.values()) == {"79005556677"}
        assert not changed.remarks

    def test_dial_string_of_somebodys_own_stays(self, world: World) -> None:
        anchor = world.add(world.name("Cleo Dial"), number=world.number(1), mobile="79001112233", dial_string="4711")
        with world.session() as session:
            changed = session.change(person(session, anchor), {Field.MOBILE: OTHER_MOBILE})

        assert changed.person is not None
        assert changed.person.dial_string == "4711"
        assert [remark.code for remark in changed.remarks] == ["phone_dial_string_kept"]

    def test_emptied_mobile_takes_everything_with_it(self, world: World) -> None:
        anchor = world.add(world.name("Cleo Dial"), number=world.number(1), mobile="79001112233", forward="79001112233")
        with world.session() as session:
            changed = session.change(person(session, anchor), {Field.MOBILE: ""})

        assert changed.person is not None
        assert (changed.person.mobile, changed.person.dial_string, dict(changed.person.forwards)) == ("", "", {})

    def test_pictures_come_back_as_they_went(self, world: World, anna: str) -> None:
        with world.session() as session:
            changed = session.change(person(session, anna), {}, picture=PICTURE)
            assert changed.person is not None
            assert changed.person.has_picture
            assert session.picture(anna) == PICTURE
            session.change(person(session, anna), {}, picture=b"")

            assert session.picture(anna) is None

    def test_refused_picture_does_not_cost_the_old_one(self, world: World, anna: str) -> None:
        with world.session() as session:
            session.change(person(session, anna), {}, picture=PICTURE)
            changed = session.change(person(session, anna), {}, picture=PICTURE[:500])

            assert changed.refusal is not None
            assert changed.refusal.message.code == "phone_picture_refused"
            assert session.picture(anna) == PICTURE

    def test_secret_that_is_given_is_kept_and_told_to_nobody(self, world: World) -> None:
        with world.session() as session:
            made = session.create(NewPerson(world.name("Anna Orlova"), world.number(1), secret=SECRET)).person
            assert made is not None
            assert world.secret(made.anchor) == SECRET
            changed = session.change(made, {}, secret=OTHER_SECRET)

        assert world.secret(made.anchor) == OTHER_SECRET
        assert changed.person == made
        assert SECRET not in repr((NewPerson("A", "1", secret=SECRET), made))

    def test_same_secret_is_not_written_again(self, world: World) -> None:
        with world.session() as session:
            made = session.create(NewPerson(world.name("Anna Orlova"), world.number(1), secret=SECRET)).person
            assert made is not None
            before = world.writes()
            session.change(made, {}, secret=SECRET)

        assert world.writes() == before


def person(session: PhoneSession, anchor: str) -> PhonePerson:
    [row] = [each for each in session.summaries() if each.anchor == anchor]
    found = session.people([row])[anchor]
    assert found is not None
    return found
