"""Photos between the hub and a real directory, both ways (rules B1, B13, promise 1)."""

import io
from collections.abc import Callable
from typing import Any

import ldap
import pytest
from PIL import Image

from syncapp.choices import RunStatus
from syncapp.models import Conflict, DirectoryServer, Employee, FieldMapping, Photo, RunItem, SyncRecord
from syncapp.services import drafts
from syncapp.services.edits import change_employee
from syncapp.services.photos import find_photo, path_of, read_photo, take_in
from syncapp.services.pictures import digest_of
from tests.services.company import Company, changes_of, counted, item_of, sync
from tests.services.test_photos import NOW, files
from tests.services.test_pictures import claims, drawn

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "Anna Petrova"


def company_server(company: Company, **photo: Any) -> DirectoryServer:
    server = company.server(write_back=True, bind_dn=company.directory.writer_dn, pool=None)
    FieldMapping.objects.create(endpoint=server, field="name", attribute="displayName")
    values = {"attribute": "jpegPhoto", "direction": "both", **photo}
    FieldMapping.objects.create(endpoint=server, field="photo", **values)
    return server


def there(company: Company, uid: str = "anna") -> list[bytes]:
    ((_dn, found),) = company.ldap.search_s(f"uid={uid},{company.base}", ldap.SCOPE_BASE, attrlist=["jpegPhoto"])
    return list(found.get("jpegPhoto", []))


def choose(raw: bytes) -> str:
    """Give Anna a photo by hand."""
    name = take_in(raw, now=NOW)
    employee = Employee.objects.get(name=NAME)
    change_employee(employee.pk, {"photo": name}, version=employee.version, user=None)
    return name


def record() -> SyncRecord:
    return SyncRecord.objects.get(employee__name=NAME)


def settled(company: Company, server: DirectoryServer) -> None:
    """Twice more, and nothing happens."""
    sync(server)  # our own write has moved the entry's marker: looked at once more
    before = company.directory.modifications()
    for _ in range(2):
        run = sync(server)
        assert counted(run) == {"read": 1, "skipped": 1}
        assert not RunItem.objects.filter(run=run).exists()
    assert company.directory.modifications() == before


def test_photo_comes_in_and_stays(company: Company) -> None:
    raw = drawn(size=(100, 100))
    company.add("anna", NAME, jpegPhoto=raw)
    server = company_server(company)

    run = sync(server)

    employee = Employee.objects.get()
    assert counted(run) == {"read": 1, "created": 1}
    assert Photo.objects.get().source == digest_of(raw)
    assert read_photo(employee.photo) is not None
    assert changes_of(item_of(run, NAME))["photo"] == ("", digest_of(raw))
    assert record().base["photo"] == [employee.photo, digest_of(raw), 1]
    settled(company, server)


def test_preview_keeps_no_file(company: Company) -> None:
    company.add("anna", NAME, jpegPhoto=drawn())

    run = sync(company_server(company), preview=True)

    assert "photo" in changes_of(item_of(run, NAME))
    assert files() == set()
    assert not Photo.objects.exists()


def test_new_photo_there_replaces_ours_which_is_kept_with_the_item(company: Company) -> None:
    company.add("anna", NAME, jpegPhoto=drawn(size=(100, 100)))
    server = company_server(company)
    sync(server)
    old = Employee.objects.get().photo
    new = drawn(size=(50, 50))
    company.change("anna", jpegPhoto=new)

    run = sync(server)

    employee = Employee.objects.get()
    assert counted(run) == {"read": 1, "updated": 1}
    assert Photo.objects.get(pk=employee.photo).source == digest_of(new)
    assert Photo.objects.get(pk=old).kept_for == item_of(run, NAME)
    assert files() == {old, employee.photo}
    settled(company, server)


def test_photo_goes_out_small_and_never_comes_back_as_somebody_s_change(company: Company) -> None:
    company.add("anna", NAME)
    server = company_server(company)
    sync(server)
    name = choose(drawn(size=(2000, 1500)))
    assert record().waits == {"photo": ""}

    run = sync(server)

    [sent] = there(company)
    assert counted(run) == {"read": 1, "written_back": 1}
    assert len(sent) <= 20 * 1024
    assert max(Image.open(io.BytesIO(sent)).size) == 300
    assert record().base["photo"] == [name, digest_of(sent)]
    settled(company, server)
    assert Employee.objects.get().photo == name


@pytest.mark.promise(1)
def test_photo_that_is_replaced_there_is_kept_here(company: Company) -> None:
    before = drawn(size=(100, 100))
    company.add("anna", NAME, jpegPhoto=before)
    server = company_server(company)
    sync(server)
    Employee.objects.update(photo="")
    Photo.objects.all().delete()  # as if it had never come in
    FieldMapping.objects.filter(field="photo").update(direction="push", policy="local_wins")
    choose(drawn(size=(500, 500)))

    run = sync(server, force=True)

    assert counted(run) == {"read": 1, "written_back": 1}
    assert there(company) != [before]
    kept = Photo.objects.get(source=digest_of(before))
    assert kept.kept_for == item_of(run, NAME)
    assert find_photo(digest_of(before)) is not None


def test_server_that_says_what_we_say_agrees(company: Company) -> None:
    """The same file chosen on both sides, each kept in its own form."""
    raw = drawn(size=(100, 100))
    company.add("anna", NAME)
    server = company_server(company)
    sync(server)
    choose(raw)
    company.change("anna", jpegPhoto=raw)

    run = sync(server)

    assert counted(run) == {"read": 1, "skipped": 1}
    assert there(company) == [raw]
    settled(company, server)


def test_both_changed_is_a_conflict(company: Company) -> None:
    company.add("anna", NAME, jpegPhoto=drawn(size=(100, 100)))
    server = company_server(company)
    sync(server)
    ours, theirs = choose(drawn(size=(60, 60))), drawn(size=(70, 70))
    company.change("anna", jpegPhoto=theirs)

    run = sync(server)

    conflict = Conflict.objects.get()
    assert counted(run) == {"read": 1, "conflicts": 1, "new_matters": 1}
    assert (conflict.field, conflict.local, conflict.remote) == ("photo", ours, digest_of(theirs))
    assert there(company) == [theirs]
    assert Employee.objects.get().photo == ours


SIZES = {"larger_there": ((50, 50), (100, 100), True), "larger_here": ((100, 100), (50, 50), False)}


@pytest.mark.parametrize(("ours", "theirs", "comes_in"), SIZES.values(), ids=SIZES.keys())
def test_first_meeting_keeps_the_larger(
    company: Company, ours: tuple[int, int], theirs: tuple[int, int], comes_in: bool
) -> None:
    """Rule B1."""
    name = take_in(drawn(size=ours), now=NOW)
    Employee.objects.create(name=NAME, photo=name)
    raw = drawn(size=theirs)
    company.add("anna", NAME, jpegPhoto=raw)
    server = company_server(company)

    sync(server)
    sync(server)

    assert (Employee.objects.get().photo != name) is comes_in
    assert (there(company) == [raw]) is comes_in
    settled(company, server)


BROKEN: dict[str, tuple[Callable[[], bytes], str]] = {
    "text": (lambda: b"no picture", "photo_not_a_picture"),
    "bomb": (lambda: claims(30_000, 30_000), "photo_too_many_pixels"),
    "cut_off": (lambda: drawn("PNG", size=(300, 300))[:150], "photo_damaged"),
}


@pytest.mark.parametrize(("make", "code"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_picture_is_a_remark_on_one_person(company: Company, make: Callable[[], bytes], code: str) -> None:
    """Rules B4, B13: the person is created, nothing is pulled, nothing pushed over it, and nothing tried in every run."""
    raw = make()
    company.add("anna", NAME, jpegPhoto=raw)
    server = company_server(company)

    run = sync(server)

    assert run.status == RunStatus.COMPLETED
    assert counted(run) == {"read": 1, "created": 1}
    assert Employee.objects.get().photo == ""
    assert [remark["code"] for remark in record().remarks] == [code]
    choose(drawn())
    sync(server)
    assert there(company) == [raw]
    settled(company, server)
    assert [remark["code"] for remark in record().remarks] == [code]


def test_broken_picture_in_the_place_of_a_good_one_leaves_the_photo(company: Company) -> None:
    company.add("anna", NAME, jpegPhoto=drawn(size=(300, 300)))
    server = company_server(company)
    sync(server)
    before = Employee.objects.get().photo
    broken = drawn("PNG", size=(400, 400))[:150]
    company.change("anna", jpegPhoto=broken)

    sync(server)
    sync(server)

    assert Employee.objects.get().photo == before
    assert there(company) == [broken]
    assert record().base["photo"][0] == before
    settled(company, server)


def test_photo_larger_than_the_limit_is_left_alone(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncapp.services.pictures.MAX_BYTES", 1000)
    company.add("anna", NAME, jpegPhoto=drawn(size=(300, 300)) + b"\0" * 2000)

    run = sync(company_server(company))

    assert counted(run) == {"read": 1, "created": 1}
    assert [remark["code"] for remark in record().remarks] == ["photo_too_many_bytes"]


def test_several_pictures_are_a_remark(company: Company) -> None:
    """Rule B6."""
    company.add("anna", NAME, jpegPhoto=[drawn(size=(50, 50)), drawn(size=(60, 60))])

    sync(company_server(company))

    assert Employee.objects.get().photo == ""
    assert [remark["code"] for remark in record().remarks] == ["several_contents"]


def test_photo_changed_between_plan_and_apply_is_left_to_the_next_run(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its base stays: otherwise the next run would let the larger of the two win."""
    company.add("anna", NAME, jpegPhoto=drawn(size=(300, 300)))
    server = company_server(company)
    sync(server)
    before = record().base["photo"]
    company.change("anna", jpegPhoto=drawn(size=(60, 60)))
    newest = drawn(size=(70, 70))
    from syncapp.services import steps

    apply = steps._apply

    def change_first(*arguments: Any) -> None:
        company.change("anna", jpegPhoto=newest)
        apply(*arguments)

    monkeypatch.setattr(steps, "_apply", change_first)
    sync(server)
    monkeypatch.undo()
    assert record().base["photo"] == before
    assert record().due

    run = sync(server)

    assert counted(run) == {"read": 1, "updated": 1}
    assert there(company) == [newest]
    assert Photo.objects.get(pk=Employee.objects.get().photo).source == digest_of(newest)


@pytest.mark.promise(5)
def test_photo_changed_between_our_read_and_our_write_survives(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """jpegPhoto has no equality rule, so that no value can be named: the entry's own marker guards it (RFC 4528)."""
    company.add("anna", NAME, jpegPhoto=drawn(size=(100, 100)))
    server = company_server(company)
    sync(server)
    choose(drawn(size=(200, 200)))
    theirs = drawn(size=(80, 80))
    prepare = drafts.Draft.prepare

    def and_meddle(draft: drafts.Draft, entry: Any) -> Any:
        writes = prepare(draft, entry)
        company.change("anna", jpegPhoto=theirs)
        return writes

    monkeypatch.setattr(drafts.Draft, "prepare", and_meddle)
    run = sync(server)

    assert there(company) == [theirs]
    assert counted(run) == {"read": 1, "conflicts": 1, "new_matters": 1}


def test_photo_taken_away_here_stays_there_unless_emptying_travels(company: Company) -> None:
    raw = drawn(size=(100, 100))
    company.add("anna", NAME, jpegPhoto=raw)
    server = company_server(company)
    sync(server)
    Employee.objects.update(photo="")
    sync(server)
    assert there(company) == [raw]

    FieldMapping.objects.filter(field="photo").update(on_empty="clear")
    sync(server)

    assert there(company) == []
    settled(company, server)


def test_photo_whose_file_is_lost_is_one_person_s_failure(company: Company) -> None:
    company.add("anna", NAME)
    server = company_server(company)
    sync(server)
    path_of(choose(drawn())).unlink()

    run = sync(server)

    assert counted(run) == {"read": 1, "failed": 1, "new_matters": 1}
    assert record().message_code == "photo_file_missing"
    assert counted(sync(server)) == {"read": 1, "failed": 1}


def test_photos_of_many_come_in_a_few_at_a_time(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncapp.services.contents.TOGETHER", 3)
    for number in range(10):
        company.add(f"p{number}", f"Person Number{number}", jpegPhoto=drawn(size=(40, 40 + number)))
    server = company_server(company)

    run = sync(server)

    assert counted(run) == {"read": 10, "created": 10}
    assert len(files()) == len(set(Employee.objects.values_list("photo", flat=True))) == 10
    assert sync(server).counts["skipped"] == 10


def test_another_file_of_the_picture_that_is_kept_here_is_no_change(company: Company) -> None:
    """Its other bytes become the same picture of ours: agreed, and nobody was updated (rule E1)."""
    raw = drawn(size=(100, 100))
    company.add("anna", NAME, jpegPhoto=raw)
    server = company_server(company)
    sync(server)
    name = Employee.objects.get().photo
    other = drawn(size=(100, 100), comment=b"of another camera")
    company.change("anna", jpegPhoto=other)

    run = sync(server)

    assert counted(run) == {"read": 1, "skipped": 1}
    assert item_of(run, NAME).unwritten == ["pbx:photo"]
    assert Employee.objects.get().photo == name
    assert record().base["photo"] == [name, digest_of(other), 1]
    settled(company, server)


def test_photo_that_did_not_come_in_leaves_what_went_out_to_the_domain(company: Company) -> None:
    """A person of whom only a title went out was changed in the domain, and not in the PBX (rule E1)."""
    raw = drawn(size=(100, 100))
    company.add("anna", NAME, jpegPhoto=raw, title="Clerk")
    server = company_server(company)
    FieldMapping.objects.create(endpoint=server, field="title", attribute="title", direction="both")
    sync(server)
    company.change("anna", jpegPhoto=drawn(size=(100, 100), comment=b"of another camera"))
    Employee.objects.update(title="Chief")

    run = sync(server)

    assert counted(run) == {"read": 1, "written_back": 1}
    assert record().updated_side == "domain"
