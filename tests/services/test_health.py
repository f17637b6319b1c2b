"""A directory's health, read from a real one."""

import csv
import json
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.core import serializers
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from PIL import Image

from syncapp.core.health import Ailment, Finding
from syncapp.messages import render
from syncapp.models import DirectoryServer, Employee, FieldMapping, SyncRecord, SyncRun
from syncapp.services import health
from syncapp.services.health import Examination, as_csv, as_json, examine
from tests.services.company import Company

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("openldap")]


def picture() -> bytes:
    out = BytesIO()
    Image.new("RGB", (64, 64)).save(out, "JPEG")
    return out.getvalue()


def examined(server: DirectoryServer, **limits: Any) -> tuple[Examination, list[Finding]]:
    examination = Examination()
    return examination, list(examine(server, examination, **limits))


def found(findings: list[Finding]) -> set[tuple[str, str, str]]:
    assert all(render(each.remedy.code, each.remedy.params) for each in findings)
    return {(each.ailment.value, each.dn.partition(",")[0], each.value) for each in findings}


@pytest.fixture
def ill(company: Company) -> DirectoryServer:
    """A company in which everything is wrong that can be."""
    company.add("anna", "Anna Petrova", mail="anna@example.test", telephoneNumber="215", jpegPhoto=picture())
    company.add("boris", "Boris Sidorov", mail="Anna@example.test", telephoneNumber="215", mobile="8 916 123-45-67")
    company.add("clara", "Clara", telephoneNumber="see Anna", mobile="+79161234567", mail="clara@example.test")
    company.add("dora", "", mail="=cmd@example.test", telephoneNumber="217", jpegPhoto=b"no picture")
    company.add("emil", "Drop table Emil", mail="emil@example.test", telephoneNumber=[b"218", b"219"])
    return company.server()


def test_everything_that_is_wrong_is_found(ill: DirectoryServer) -> None:
    examination, findings = examined(ill)

    assert found(findings) == {
        ("number_twice", "uid=anna", "215"),
        ("number_twice", "uid=boris", "215"),
        ("email_twice", "uid=anna", "Anna@example.test"),
        ("email_twice", "uid=boris", "Anna@example.test"),
        ("mobile_twice", "uid=boris", "+79161234567"),
        ("mobile_twice", "uid=clara", "+79161234567"),
        ("unreadable", "uid=clara", "see Anna"),
        ("several", "uid=emil", "218, 219"),
        ("pbx_refuses", "uid=emil", "Drop table Emil"),
        ("photo", "uid=dora", ""),
    }
    assert (examination.people, examination.photos, examination.shortfall) == (5, 2, None)
    assert examination.counts[Ailment.NUMBER_TWICE] == 2


def test_healthy_company_has_no_findings(company: Company) -> None:
    company.add_many(7, mail="p{0}@example.test", telephoneNumber="30{0}")

    examination, findings = examined(company.server())

    assert (findings, examination.people, examination.shortfall) == ([], 7, None)


def test_only_people_in_scope_are_looked_at(company: Company) -> None:
    company.add("anna", "Anna Petrova")
    company.add("boris", "Boris Sidorov")

    _examination, findings = examined(company.server(user_filter="(uid=anna)"))

    assert {dn for _kind, dn, _value in found(findings)} == {"uid=anna"}


def test_time_that_is_up_is_said(ill: DirectoryServer) -> None:
    examination, _findings = examined(ill, seconds=0.0)

    assert examination.shortfall is not None
    assert examination.shortfall.code == "health_incomplete"
    assert examination.shortfall.params == {"count": 5}


def test_time_that_is_up_before_the_photos_is_said(ill: DirectoryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 0.0])  # the beginning, and the one page of people
    monkeypatch.setattr(health, "monotonic", lambda: next(times, 100.0))

    examination, findings = examined(ill, seconds=20.0)

    assert examination.shortfall is not None
    assert examination.shortfall.code == "health_photos_incomplete"
    assert ("number_twice", "uid=anna", "215") in found(findings)


def test_directory_that_does_not_answer_is_said(company: Company) -> None:
    server = company.server()
    server.set_secret("wrong")

    examination, findings = examined(server)

    assert findings == []
    assert examination.error is not None
    assert examination.error.code == "login_refused"


def test_unknown_attribute_is_said(company: Company) -> None:
    server = company.server()
    FieldMapping.objects.create(endpoint=server, field="title", attribute="jobTittle")

    examination, _findings = examined(server)

    assert examination.error is not None
    assert examination.error.params == {"attributes": ["jobTittle"]}


@pytest.mark.promise(6)
def test_nothing_is_stored_or_written(company: Company, ill: DirectoryServer) -> None:
    models: list[Any] = [DirectoryServer, Employee, SyncRecord, SyncRun]
    before = [serializers.serialize("json", model.objects.order_by("pk")) for model in models]
    writes = company.directory.modifications()

    examined(ill)

    assert [serializers.serialize("json", model.objects.order_by("pk")) for model in models] == before
    assert company.directory.modifications() == writes


def test_number_of_queries_does_not_depend_on_the_company(company: Company) -> None:
    server, counted = company.server(), []

    for number, family in ((0, "One"), (40, "Many")):
        company.add(family, family)
        company.add_many(number)
        with CaptureQueriesContext(connection) as queries:
            examined(server)
        counted.append(len(queries))

    assert counted[0] == counted[1] < 6


def test_table_for_spreadsheets_has_no_formula(ill: DirectoryServer) -> None:
    examination = Examination()
    with translation.override("en"):
        text = "".join(as_csv(examine(ill, examination), examination))

    assert text.startswith("\ufeffFinding,DN,Field,Value,What to do\r\n")
    rows = list(csv.reader(StringIO(text.removeprefix("\ufeff"))))
    assert len(rows) == 1 + sum(examination.counts.values())
    assert sorted({row[3] for row in rows if "79161234567" in row[3]}) == ["'+79161234567"]
    assert not [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@")]


def test_table_says_what_was_not_looked_at(ill: DirectoryServer) -> None:
    examination = Examination()
    with translation.override("en"):
        lines = list(as_csv(examine(ill, examination, seconds=0.0), examination))

    assert "Only 5 people were looked at" in lines[-1]


def test_object_for_scripts(ill: DirectoryServer) -> None:
    examination = Examination()
    with translation.override("ru"):
        said = json.loads("".join(as_json(ill, examine(ill, examination), examination)))

    assert (said["server"], said["people"], said["photos"], said["error"]) == (ill.name, 5, 2, None)
    assert said["counts"]["number_twice"] == 2
    unreadable = next(each for each in said["findings"] if each["kind"] == "unreadable")
    assert (unreadable["field"], unreadable["value"], unreadable["code"]) == (
        "extension",
        "see Anna",
        "value_not_matched",
    )
    assert unreadable["message"].startswith("“see Anna” in ")
