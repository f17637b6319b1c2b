"""Who needs a look, and what is asked of the directory (design, section 5: fingerprint and due)."""

from dataclasses import dataclass, field

import pytest
from django.utils import timezone

from syncapp.core.outward import PROBES
from syncapp.core.vocabulary import Field
from syncapp.directory.session import open_session
from syncapp.exceptions import ConfigurationError
from syncapp.models import DirectoryServer, Employee, FieldMapping, SyncRecord, SyncRun
from syncapp.services.endpoints import directory_config
from syncapp.services.reading import DirectoryReader
from syncapp.services.remote_read import RemoteRead
from syncapp.services.runs import RunKeeper
from tests.services.company import Company, sync

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Reader:
    server: DirectoryServer
    beats: list[int] = field(default_factory=list)

    def read(self) -> RemoteRead:
        run = SyncRun.objects.create(endpoint=self.server, status="running", heartbeat_at=timezone.now())
        try:
            with open_session(directory_config(self.server)) as session:
                keeper = RunKeeper(run, lambda: False)
                reader = DirectoryReader(self.server, session, keeper, sends=self.server.write_back)
                return reader.everybody(self.beats.append)
        finally:
            run.delete()


def looked_at(server: DirectoryServer) -> set[str]:
    return {person.dn.partition(",")[0].partition("=")[2] for person in Reader(server).read().people}


@pytest.fixture
def server(company: Company) -> DirectoryServer:
    """Anna and Boris, both settled."""
    company.add("anna", "Anna Petrova", mail="anna@example.test", title="Director", telephoneNumber="215")
    company.add("boris", "Boris Sidorov", mail="boris@example.test", telephoneNumber="216")
    server = company.server()
    sync(server)
    return server


def test_settled_people_are_passed_over(server: DirectoryServer) -> None:
    read = Reader(server).read()

    assert (read.count, read.people, read.known) == (2, [], {})


def test_who_changed_in_the_directory_is_looked_at(server: DirectoryServer, company: Company) -> None:
    company.change("anna", title="President")

    assert looked_at(server) == {"anna"}


def test_after_a_first_run_only_those_are_looked_at_for_whom_something_is_to_be_written(company: Company) -> None:
    """A first run writes nothing yet (rule E2): who got a number of the pool, or had one already, is next."""
    company.add("anna", "Anna Petrova", telephoneNumber="215")
    new, known = ([f"{kind}{number}" for number in range(PROBES + 1)] for kind in ("new", "known"))
    for uid in (*new, *known):
        company.add(uid, f"{uid} Person", mail=f"{uid}@example.test")
    for number, uid in enumerate(known, start=250):
        Employee.objects.create(name=f"{uid} Person", email=f"{uid}@example.test", extension=str(number))
    server = company.server(write_back=True, bind_dn=company.directory.writer_dn)
    sync(server)

    assert looked_at(server) == {*new, *known}
    assert sync(server).counts["written_back"] == len(new) + len(known)


def test_who_is_missing_is_looked_for_only_as_long_as_the_entry_is_somebody_s(
    server: DirectoryServer, company: Company
) -> None:
    """After a whole domain was made anew nobody asks for its old entries in every run."""
    company.delete("anna")
    sync(server)
    assert len(Reader(server).read().absent) == 1

    SyncRecord.objects.filter(state="missing").update(employee=None)

    assert Reader(server).read().absent == []


def test_who_was_renamed_in_the_directory_is_looked_at(server: DirectoryServer, company: Company) -> None:
    company.ldap.rename_s(f"uid=anna,{company.base}", "uid=anna.sidorova", delold=1)

    assert looked_at(server) == {"anna.sidorova"}


def test_attribute_that_nothing_maps_changes_nothing(server: DirectoryServer, company: Company) -> None:
    for name, attribute in (("name", "displayName"), ("email", "mail")):
        FieldMapping.objects.create(endpoint=server, field=name, attribute=attribute)
    sync(server)
    company.change("anna", description="likes tea")

    assert looked_at(server) == set()


def test_who_changed_at_all_is_looked_at_where_photos_are_mapped(server: DirectoryServer, company: Company) -> None:
    """A photo is too big to be compared in every run: the entry's marker says that it may be another."""
    company.change("anna", description="likes tea")

    assert looked_at(server) == {"anna"}
    sync(server)
    assert looked_at(server) == set()


def test_who_was_edited_here_is_looked_at(server: DirectoryServer) -> None:
    Employee.objects.filter(email="boris@example.test").update(title="Clerk")

    assert looked_at(server) == {"boris"}


SETTINGS = {
    "region": {"region": "DE"},
    "match keys": {"match_keys": ["email"]},
    "write-back": {"write_back": True},
    "whom to create": {"create": "none"},
}


@pytest.mark.parametrize("values", SETTINGS.values(), ids=SETTINGS.keys())
def test_setting_that_can_change_a_decision_has_everybody_looked_at(
    server: DirectoryServer, values: dict[str, object]
) -> None:
    DirectoryServer.objects.filter(pk=server.pk).update(**values)
    server.refresh_from_db()

    assert looked_at(server) == {"anna", "boris"}


def test_new_mapping_has_everybody_looked_at(server: DirectoryServer) -> None:
    FieldMapping.objects.create(endpoint=server, field="name", attribute="cn")

    assert looked_at(server) == {"anna", "boris"}


def test_open_matter_is_looked_at_in_every_run(server: DirectoryServer, company: Company) -> None:
    Employee.objects.filter(email="anna@example.test").update(title="Chief")
    company.change("anna", title="President")
    sync(server)

    assert looked_at(server) == {"anna"}


def test_known_records_come_for_those_who_are_looked_at_alone(server: DirectoryServer, company: Company) -> None:
    company.change("anna", title="President")
    company.add("carl", "Carl Moore")

    read = Reader(server).read()

    record = SyncRecord.objects.get(employee__email="anna@example.test")
    assert (list(read.known), list(read.known_by_id)) == ([record.anchor], [record.pk])
    assert len(read.people) == 2


def test_progress_is_told_while_people_come(company: Company) -> None:
    company.add_many(501)
    reader = Reader(company.server())

    reader.read()

    assert reader.beats == sorted(set(reader.beats))
    assert (len(reader.beats) > 10, reader.beats[-1]) == (True, 501)


def test_entries_are_read_as_people_with_their_values(server: DirectoryServer, company: Company) -> None:
    company.change("anna", title="President")

    [anna] = Reader(server).read().people

    assert (anna.readings[Field.TITLE].values, anna.readings[Field.EXTENSION].values) == (("President",), ("215",))


@pytest.mark.promise(9)
def test_password_of_another_address_is_not_sent(server: DirectoryServer) -> None:
    server.uris = ["ldap://elsewhere.example"]

    with pytest.raises(ConfigurationError) as caught:
        Reader(server).read()

    assert caught.value.code == "password_for_another_address"
