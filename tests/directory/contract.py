"""What every directory session does, whatever is behind it: run against a real server and against the fake."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, Protocol

import pytest

from syncapp.core.records import RemoteRecord
from syncapp.core.vocabulary import RefusalKind, State
from syncapp.core.writes import AttributeWrite, WriteJob, WriteResult
from syncapp.exceptions import ConfigurationError
from syncapp.services.ports import EndpointSession

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WANTED = ("telephoneNumber", "mobile", "title", "jpegPhoto", "departmentNumber")


class World(Protocol):
    """A branch of a directory that belongs to one test, seen by somebody who may do everything."""

    @property
    def base(self) -> str: ...
    def add(self, **attributes: Any) -> str:
        """Add a person and return the anchor."""

    def put(self, anchor: str, attribute: str, *values: bytes) -> None: ...
    def values(self, anchor: str, attribute: str) -> list[bytes]: ...
    def dn(self, anchor: str) -> str: ...
    def move(self, anchor: str) -> str:
        """Put the entry below an inner unit of its own and return that unit's DN."""

    def delete(self, anchor: str) -> None: ...
    def session(self, *, writes: bool = True, **config: Any) -> AbstractContextManager[EndpointSession]:
        """Open a session over the branch, by an account that may write or not."""


def replacing(record: RemoteRecord, **news: bytes | None) -> list[AttributeWrite]:
    """Put each new value in the place of the first that is read."""
    writes = []
    for name, new in news.items():
        present = record.attributes.get(name.lower(), [])
        writes.append(AttributeWrite(name, present[0] if present else None, new, tuple(present[1:])))
    return writes


def job(world: World, anchor: str, **news: bytes | None) -> WriteJob:
    return WriteJob(anchor, world.dn(anchor), lambda record: replacing(record, **news))


def write(session: EndpointSession, *jobs: WriteJob) -> list[WriteResult]:
    return list(session.write(jobs, WANTED, now=NOW))


def everybody(session: EndpointSession, *attributes: str, having: str = "") -> list[RemoteRecord]:
    return [record for page in session.pages(attributes, now=NOW, having=having) for record in page]


class SessionContract:
    """Subclasses give the fixture `world`."""

    def test_everybody_comes_once_with_what_was_asked_for(self, world: World) -> None:
        anchors = [world.add(title="Boss", mobile="+79161234567") for _ in range(7)]

        with world.session() as session:
            records = everybody(session, "title", "telephoneNumber")

        assert sorted(record.anchor for record in records) == sorted(anchors)
        assert {record.dn for record in records} == {world.dn(anchor) for anchor in anchors}
        assert [record.attributes for record in records] == [{"title": [b"Boss"]}] * 7
        assert {record.state for record in records} == {State.ACTIVE}

    def test_changes_name_whoever_was_added_changed_or_has_gone(self, world: World) -> None:
        """Rule E6."""
        anchors = {name: world.add(title=name) for name in ("stays", "changes", "leaves")}
        with world.session() as session:
            assert len([each for page in session.pages(WANTED, now=NOW, mark=True) for each in page]) == 3
            watermark = session.watermark
        assert watermark is not None
        world.put(anchors["changes"], "title", b"Chief")
        world.delete(anchors["leaves"])
        anchors["comes"] = world.add(title="comes")

        with world.session() as session:
            delta = session.changes(watermark, now=NOW)
            after = session.changes(delta.watermark, now=NOW)

        told = dict(delta.entries)
        assert told == {anchors[name]: world.dn(anchors[name]) for name in ("changes", "comes")}
        assert anchors["leaves"] in delta.gone or anchors["leaves"] not in (delta.present or {anchors["leaves"]})
        assert not after.entries

    def test_directory_is_the_same_in_every_session(self, world: World) -> None:
        """Rule A10."""
        with world.session() as session, world.session(writes=False) as other:
            found = session.identity()

            assert found == other.identity()
        assert all(found.contexts.values())

    def test_all_values_come(self, world: World) -> None:
        world.add(telephoneNumber=[b"215", b"+7 495 1234567"])

        with world.session() as session:
            (record,) = everybody(session, "telephoneNumber")

        assert sorted(record.attributes["telephonenumber"]) == [b"+7 495 1234567", b"215"]

    def test_who_has_a_value(self, world: World) -> None:
        has, _has_none = world.add(jpegPhoto=b"picture"), world.add()

        with world.session() as session:
            records = everybody(session, having="jpegPhoto")

        assert [(record.anchor, record.attributes) for record in records] == [(has, {})]

    def test_who_is_deleted_does_not_come(self, world: World) -> None:
        stays, goes = world.add(), world.add()
        world.delete(goes)

        with world.session() as session:
            assert [record.anchor for record in everybody(session)] == [stays]

    def test_whereabouts_of_who_did_not_come(self, world: World) -> None:
        stays, moves, differs, goes = (world.add(departmentNumber="Sales") for _ in range(4))
        inner = world.move(stays)
        known = [(anchor, world.dn(anchor)) for anchor in (stays, moves, differs, goes)]
        other = world.move(moves)
        world.put(differs, "departmentNumber", b"Other")
        world.move(differs)
        world.delete(goes)
        bases = (inner, world.dn(differs).partition(",")[2])
        config = {"department_attribute": "departmentNumber", "departments": ("Sales",)}

        with world.session(search_bases=(inner, other), **config) as session:
            previous = session.scope()
        with world.session(search_bases=bases, **config) as session:
            found = dict(session.whereabouts(known, now=NOW, previous=previous))

        assert {anchor: where and (where.dn, where.state) for anchor, where in found.items()} == {
            **{anchor: (world.dn(anchor), State.ACTIVE) for anchor in (stays, moves, differs)},
            goes: None,
        }
        assert {anchor: where[2:] for anchor, where in found.items() if where} == {
            stays: (True, True, True),
            moves: (False, False, True),
            differs: (True, False, False),
        }

    def test_hundreds_are_looked_up_wherever_they_are(self, world: World) -> None:
        anchors = [world.add() for _ in range(230)]

        with world.session() as session:
            found = dict(session.whereabouts([(anchor, f"cn=nobody,{world.base}") for anchor in anchors], now=NOW))

        assert {anchor: where and where.dn for anchor, where in found.items()} == {
            anchor: world.dn(anchor) for anchor in anchors
        }

    def test_marker_is_another_after_every_change(self, world: World) -> None:
        anchor = world.add(title="Boss")
        with world.session() as session:
            marker = session.change_marker
            seen = [everybody(session, marker)[0].attributes[marker]]
            for value in (b"Chief", b"Boss"):
                world.put(anchor, "title", value)
                seen.append(everybody(session, marker)[0].attributes[marker])
            write(session, job(world, anchor, title=b"Chief"))
            seen.append(everybody(session, marker)[0].attributes[marker])
            assert everybody(session, marker)[0].attributes[marker] == seen[-1]

        assert len({tuple(values) for values in seen}) == 4

    def test_marker_follows_the_values_only_where_it_is_asked_for(self, world: World) -> None:
        world.add(title="Boss")

        with world.session() as session:
            assert everybody(session, "title")[0].attributes == {"title": [b"Boss"]}

    def test_unknown_attribute_is_refused(self, world: World) -> None:
        with world.session() as session:
            session.check_attributes(["title", "telephoneNumber"])
            with pytest.raises(ConfigurationError) as error:
                session.check_attributes(["title", "noSuchAttribute"])

        assert error.value.code == "mapping_attribute_unknown"
        assert error.value.params["attributes"] == ["noSuchAttribute"]

    def test_attributes_that_only_the_server_writes(self, world: World) -> None:
        with world.session() as session:
            assert list(session.read_only(["title", "modifiersName"])) == ["modifiersName"]

    def test_fetch_finds_by_anchor_who_moved(self, world: World) -> None:
        stays, moves, goes = world.add(title="a"), world.add(title="b"), world.add(title="c")
        entries = [(anchor, world.dn(anchor)) for anchor in (stays, moves, goes)]
        world.move(moves)
        world.delete(goes)

        with world.session() as session:
            found = dict(session.fetch(entries, ["title"], now=NOW))

        assert {anchor: record and record.attributes for anchor, record in found.items()} == {
            stays: {"title": [b"a"]},
            moves: {"title": [b"b"]},
            goes: None,
        }
        assert found[moves] is not None
        assert found[moves].dn == world.dn(moves)

    def test_fetch_takes_whoever_has_the_dn_when_there_is_no_anchor(self, world: World) -> None:
        anchor = world.add(title="a")

        with world.session() as session:
            ((_asked, record),) = session.fetch([("", world.dn(anchor))], ["title"], now=NOW)

        assert record is not None
        assert record.anchor == anchor

    def test_fetch_in_scope_leaves_out_who_left_it(self, world: World) -> None:
        inside, outside = world.add(), world.add()
        scope = world.move(inside)
        entries = [(anchor, world.dn(anchor)) for anchor in (inside, outside)]

        with world.session(search_bases=(scope,)) as session:
            scoped = dict(session.fetch(entries, [], now=NOW, in_scope=True))
            anywhere = dict(session.fetch(entries, [], now=NOW))
            read = [record.anchor for record in everybody(session)]

        assert read == [inside]
        assert [scoped[inside] is None, scoped[outside] is None] == [False, True]
        assert None not in anywhere.values()

    def test_find_by_any_of_several_conditions(self, world: World) -> None:
        one = world.add(title="Head of Sales", telephoneNumber="215")
        other = world.add(title="Clerk", mobile="+79161234567")
        world.add(title="Clerk", telephoneNumber="2150")
        conditions = [
            [("title", "head", False), ("title", "sales", False)],
            [("mobile", "+79161234567", True)],
            [("telephoneNumber", "21", True)],
        ]

        with world.session() as session:
            found = session.find(conditions, ["title"], now=NOW)

        assert {record.anchor for record in found} == {one, other}
        assert [record.dn for record in found] == sorted(record.dn for record in found)

    def test_find_brings_21_at_most(self, world: World) -> None:
        for _ in range(23):
            world.add(title="Clerk")

        with world.session() as session:
            assert len(session.find([[("title", "clerk", True)]], [], now=NOW)) == 21

    def test_find_anywhere_brings_who_is_out_of_scope(self, world: World) -> None:
        inside, outside = world.add(title="Anywhere"), world.add(title="Anywhere")
        unit = world.move(inside)
        conditions = [[("title", "anywhere", True)]]

        with world.session(search_bases=(unit,)) as session:
            in_scope = session.find(conditions, ["title"], now=NOW)
            everywhere = session.find(conditions, ["title"], now=NOW, anywhere=True)

        assert [record.anchor for record in in_scope] == [inside]
        assert {inside, outside} <= {record.anchor for record in everywhere}
        assert {tuple(record.attributes["title"]) for record in everywhere} == {(b"Anywhere",)}

    def test_fetch_finds_by_the_anchor_alone(self, world: World) -> None:
        anchor = world.add(title="a")

        with world.session() as session:
            ((asked, record),) = session.fetch([(anchor, "")], ["title"], now=NOW)

        assert (asked, record and record.dn) == (anchor, world.dn(anchor))

    def test_nothing_leaves_out_who_is_in_scope(self, world: World) -> None:
        anchor = world.add(departmentNumber="Sales")

        with world.session(department_attribute="departmentNumber", departments=("Sales",)) as session:
            assert list(session.exclusions(world.dn(anchor), now=NOW)) == []

    def test_each_part_of_the_scope_that_leaves_out_is_said(self, world: World) -> None:
        anchor, moved = world.add(departmentNumber="Stock"), world.add()
        unit = world.move(moved)
        scope = {"search_bases": (unit,), "department_attribute": "departmentNumber", "departments": ("Sales",)}

        with world.session(**scope) as session:
            reasons = list(session.exclusions(world.dn(anchor), now=NOW))

        assert [reason.code for reason in reasons] == ["scope_outside", "scope_department"]
        assert reasons[0].params == {"bases": unit}
        assert reasons[1].params == {"attribute": "departmentNumber", "departments": ["Sales"], "found": ["Stock"]}

    def test_sample_shows_values(self, world: World) -> None:
        world.add(mobile=[b"8 (916) 123-45-67", b"+79160000000"])
        world.add()

        with world.session() as session:
            assert sorted(session.sample("mobile")) == [b"+79160000000", b"8 (916) 123-45-67"]

    def test_write_replaces_what_was_read_and_reads_back(self, world: World) -> None:
        anchor = world.add(telephoneNumber="215", mobile="+79161234567")

        with world.session() as session:
            marker = session.change_marker
            (result,) = write(session, job(world, anchor, telephoneNumber=b"301", title=b"Chief"))
            (record,) = everybody(session, marker)

        assert (result.anchor, result.written) == (anchor, {"telephoneNumber", "title"})
        assert [*result.drifted, *result.refused, *result.left_out] == []
        assert result.before is not None
        assert result.before.attributes["telephonenumber"] == [b"215"]
        assert result.after is not None
        assert result.after.attributes["telephonenumber"] == [b"301"]
        assert result.after.attributes["title"] == [b"Chief"]
        assert result.after.attributes[marker] == record.attributes[marker]
        assert world.values(anchor, "mobile") == [b"+79161234567"]

    def test_write_empties(self, world: World) -> None:
        anchor = world.add(mobile="+79161234567")

        with world.session() as session:
            (result,) = write(session, job(world, anchor, mobile=None))

        assert result.written == {"mobile"}
        assert world.values(anchor, "mobile") == []

    def test_write_leaves_other_values_of_the_attribute(self, world: World) -> None:
        anchor = world.add(telephoneNumber=[b"215", b"+7 495 1234567", b"0000"])

        def prepare(_record: RemoteRecord) -> Sequence[AttributeWrite]:
            return [AttributeWrite("telephoneNumber", b"215", b"301", (b"+7 495 1234567", b"0000"))]

        with world.session() as session:
            write(session, WriteJob(anchor, world.dn(anchor), prepare))

        assert sorted(world.values(anchor, "telephoneNumber")) == [b"+7 495 1234567", b"0000", b"301"]

    @pytest.mark.parametrize("pictures", [[b"old"], [], [b"old", b"other"]], ids=["one", "none", "two"])
    def test_write_replaces_a_picture(self, world: World, pictures: list[bytes]) -> None:
        anchor = world.add(jpegPhoto=pictures)

        with world.session() as session:
            (result,) = write(session, job(world, anchor, jpegPhoto=b"new"))

        assert result.written == {"jpegPhoto"}
        assert len(world.values(anchor, "jpegPhoto")) == max(1, len(pictures))
        assert b"new" in world.values(anchor, "jpegPhoto")

    def test_nothing_to_write(self, world: World) -> None:
        anchor = world.add(title="a")

        with world.session() as session:
            (result,) = write(session, WriteJob(anchor, world.dn(anchor), lambda _record: []))

        assert result.before is not None
        assert [*result.written, *result.drifted, *result.refused] == []
        assert result.after is None

    def test_write_takes_another_spelling_of_the_value_for_the_value(self, world: World) -> None:
        """As the server compares: spaces in a telephone number do not count."""
        anchor = world.add(mobile="+7 916 123-45-67")

        def prepare(_record: RemoteRecord) -> Sequence[AttributeWrite]:
            return [AttributeWrite("mobile", b"+79161234567", b"+79260000000")]

        with world.session() as session:
            (result,) = write(session, WriteJob(anchor, world.dn(anchor), prepare))

        assert result.written == {"mobile"}
        assert world.values(anchor, "mobile") == [b"+79260000000"]

    MEANWHILE = {
        # id: attribute, what stands there, what somebody else makes of it between our read and our write
        "replaced": ("telephoneNumber", [b"215"], [b"999"]),
        "emptied": ("telephoneNumber", [b"215"], []),
        "filled": ("displayName", [], [b"theirs"]),
        "filled_with_ours": ("telephoneNumber", [], [b"ours"]),
        "picture_replaced": ("jpegPhoto", [b"one"], [b"two"]),
        "picture_filled": ("jpegPhoto", [], [b"two"]),
    }

    @pytest.mark.parametrize("case", MEANWHILE.values(), ids=MEANWHILE.keys())
    def test_an_edit_in_between_survives(self, world: World, case: tuple[str, list[bytes], list[bytes]]) -> None:
        attribute, first, theirs = case
        anchor = world.add(**{"displayName": "", attribute: first, "title": "a"})

        def prepare(record: RemoteRecord) -> Sequence[AttributeWrite]:
            writes = replacing(record, **{attribute: b"ours", "title": b"b"})
            world.put(anchor, attribute, *theirs)
            return writes

        with world.session() as session:
            results = session.write([WriteJob(anchor, world.dn(anchor), prepare)], [*WANTED, attribute], now=NOW)
            (result,) = results

        assert world.values(anchor, attribute) == theirs
        assert result.drifted == {attribute}
        assert not result.refused
        assert result.after is not None
        assert result.after.attributes.get(attribute.lower(), []) == theirs
        assert result.written == {"title"}
        assert world.values(anchor, "title") == [b"b"]

    def test_refused_value_lets_the_others_through(self, world: World) -> None:
        anchor = world.add(title="a", pager="1")

        with world.session() as session:
            (result,) = write(session, job(world, anchor, title=b"b", pager="№ 2".encode()))

        assert result.written == {"title"}
        refused = result.refused["pager"]
        assert (refused.kind, refused.message.code) == (RefusalKind.VALUE, "write_syntax")
        assert refused.message.params["attribute"] == "pager"
        assert world.values(anchor, "pager") == [b"1"]

    def test_missing_right(self, world: World) -> None:
        anchor = world.add(title="a")

        with world.session(writes=False) as session:
            (result,) = write(session, job(world, anchor, title=b"b"))

        refused = result.refused["title"]
        assert (refused.kind, refused.message.code) == (RefusalKind.RIGHT, "write_no_right")
        assert world.values(anchor, "title") == [b"a"]

    def test_right_that_is_missing_for_20_people_is_asked_for_no_more(self, world: World) -> None:
        anchors = [world.add(title="a") for _ in range(30)]

        with world.session(writes=False) as session:
            results = write(session, *(job(world, anchor, title=b"b") for anchor in anchors))
            later = write(session, job(world, anchors[0], title=b"b"))
            dropped = session.dropped

        assert set(dropped) == {"title"}
        assert [set(result.refused) for result in results[:20]] == [{"title"}] * 20
        assert [set(result.left_out) for result in [*results[20:], *later]] == [{"title"}] * 11

    def test_entry_that_is_gone(self, world: World) -> None:
        anchor = world.add(title="a")
        gone = job(world, anchor, title=b"b")
        world.delete(anchor)

        with world.session() as session:
            (result,) = write(session, gone)

        assert result.before is None
        assert [*result.written, *result.refused, *result.drifted] == []

    def test_entry_that_goes_between_read_and_write(self, world: World) -> None:
        anchor = world.add(title="a")

        def prepare(record: RemoteRecord) -> Sequence[AttributeWrite]:
            world.delete(anchor)
            return replacing(record, title=b"b")

        with world.session() as session:
            (result,) = write(session, WriteJob(anchor, world.dn(anchor), prepare))

        assert result.before is None
        assert not result.written

    def test_entry_that_moved_is_found(self, world: World) -> None:
        anchor = world.add(title="a")
        asked = job(world, anchor, title=b"b")
        world.move(anchor)

        with world.session() as session:
            (result,) = write(session, asked)

        assert result.written == {"title"}
        assert world.values(anchor, "title") == [b"b"]

    def test_entry_that_moves_between_read_and_write_is_prepared_anew(self, world: World) -> None:
        anchor = world.add(title="a")
        seen: list[str] = []

        def prepare(record: RemoteRecord) -> Sequence[AttributeWrite]:
            if not seen:
                world.put(anchor, "title", b"theirs")
                world.move(anchor)
            seen.append(record.dn)
            return replacing(record, title=b"b") if record.attributes["title"] == [b"a"] else []

        with world.session() as session:
            (result,) = write(session, WriteJob(anchor, world.dn(anchor), prepare))

        assert seen[1:] == [world.dn(anchor)]
        assert not result.written
        assert world.values(anchor, "title") == [b"theirs"]

    def test_nobody_is_written_of_whom_nothing_was_prepared(self, world: World) -> None:
        """Whoever hears no more after the first result knows by that who may have been written (promise 1)."""
        anchors = [world.add(title="a") for _ in range(30)]
        prepared: list[str] = []

        def prepare(record: RemoteRecord) -> Sequence[AttributeWrite]:
            prepared.append(record.anchor)
            return replacing(record, title=b"b")

        with world.session() as session:
            results = session.write([WriteJob(anchor, world.dn(anchor), prepare) for anchor in anchors], [], now=NOW)
            next(iter(results))
            results.close()  # type: ignore[attr-defined]  # as `closing` does in a run

        assert {anchor for anchor in anchors if world.values(anchor, "title") == [b"b"]} <= set(prepared)
        assert len(prepared) < len(anchors)
