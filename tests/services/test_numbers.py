"""What the pools have, and who gets what of them in a run (rules C1 to C5, C9)."""

from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from syncapp.models import DirectoryServer, Employee, EndpointPool, NumberPool
from syncapp.services.configure import configure
from syncapp.services.numbers import PoolUsage, pool_usage
from tests.configuration_files import write
from tests.factories import make_employee, make_pool, make_record
from tests.services.company import Company, sync

pytestmark = pytest.mark.django_db(transaction=True)


def usage(pool: NumberPool) -> PoolUsage:
    return pool_usage([pool])[pool.pk]


def claimed_by_an_entry(*numbers: str) -> None:
    make_record(keys=["Anna", "anna", [], [], list(numbers)])


def test_empty_pool_is_all_free() -> None:
    assert usage(make_pool(first="200", last="209")) == PoolUsage(
        size=10, used=0, reserved=0, claimed=0, free=10, next="200"
    )


def test_numbers_are_used_reserved_claimed_or_free() -> None:
    pool = make_pool(first="200", last="209", reserved=["201", "777"])
    make_employee(extension="200")
    make_employee(extension="300")
    claimed_by_an_entry("200", "202", "999")

    assert usage(pool) == PoolUsage(size=10, used=1, reserved=1, claimed=1, free=7, next="203")


def test_pool_that_is_full_has_no_next_number() -> None:
    pool = make_pool(first="200", last="200")
    make_employee(extension="200")

    assert (usage(pool).free, usage(pool).next) == (0, "")


def test_leading_zeros_count() -> None:
    make_employee(extension="7")

    assert usage(make_pool(first="007", last="009")).next == "007"


def test_emergency_numbers_are_never_free() -> None:
    assert usage(make_pool(first="101", last="104")).free == 0


def test_other_number_plans_have_numbers_of_their_own() -> None:
    make_employee(extension="200")

    assert usage(make_pool(first="200", last="209", number_plan="branch")).next == "200"


def test_usage_needs_the_same_queries_for_one_pool_and_for_many() -> None:
    pools = [make_pool(first=f"{number}00", last=f"{number}99") for number in range(2, 9)]

    with CaptureQueriesContext(connection) as one:
        pool_usage(pools[:1])
    with CaptureQueriesContext(connection) as many:
        pool_usage(pools)

    assert len(one) == len(many)


def test_pools_are_asked_in_their_order_by_ou_and_department(company: Company) -> None:
    company.add("anna", "Anna Petrova", departmentNumber="Sales")
    company.add("boris", "Boris Sidorov", departmentNumber="IT")
    server = company.server(pool=None)
    for position, (first, last, values) in enumerate(
        [
            ("400", "409", {"ou": "ou=elsewhere,dc=example,dc=test"}),
            ("300", "309", {"department": "SALES"}),
            ("500", "509", {}),
        ]
    ):
        EndpointPool.objects.create(
            endpoint=server, pool=make_pool(first=first, last=last), position=position, **values
        )

    sync(server)

    assert dict(Employee.objects.values_list("name", "extension")) == {"Anna Petrova": "300", "Boris Sidorov": "500"}


POOLS = """
[[number_pool]]
name = "North"
first = "300"
last = "309"
[[number_pool]]
name = "Research"
first = "400"
last = "409"
[[number_pool]]
name = "Law"
first = "500"
last = "509"
[[number_pool]]
name = "Office"
first = "600"
last = "609"

[[directory]]
name = "Head office"
kind = "openldap"
uris = ["{uri}"]
security = "none"
bind_dn = "{account}"
bind_password = "{password}"
base_dn = "{base}"
number_pools = [
    {{ name = "North", ou = '{north}' }},
    {{ name = "Research", ou = '{research}' }},
    {{ name = "Law", department = "LAW" }},
    {{ name = "Office" }},
]
"""


def test_pools_of_a_configuration_file_serve_their_units_and_departments(company: Company, tmp_path: Path) -> None:
    """Units are compared as DNs: written otherwise, with a comma or a plus in their names, and not by their endings."""
    north, research, lookalike = (
        unit(company, rdn, name)
        for rdn, name in ((r"Sales\, North", "Sales, North"), (r"R\+D", "R+D"), ("PreSales", "PreSales"))
    )
    for uid, above, department in (
        ("anna", north, "Law"), ("boris", research, ""), ("clara", lookalike, ""), ("dora", company.base, "Law"),
        ("eva", company.base, ""),
    ):  # fmt: skip
        company.add(uid, f"{uid.title()} Someone", departmentNumber=department)
        if above != company.base:
            company.ldap.rename_s(f"uid={uid},{company.base}", f"uid={uid}", above)
    directory = company.directory
    text = POOLS.format(
        uri=directory.uri,
        account=directory.service_dn,
        password=directory.service_password,
        base=company.base,
        north=f"OU = sales\\2C  north , {company.base.upper()}",
        research=f"ou=r\\2bd,{company.base}",
    )
    configure(write(tmp_path, text))
    server = DirectoryServer.objects.get()

    sync(server)

    assert dict(Employee.objects.values_list("name", "extension")) == {
        "Anna Someone": "300", "Boris Someone": "400", "Clara Someone": "600", "Dora Someone": "500",
        "Eva Someone": "601",
    }  # fmt: skip
    company.ldap.rename_s(f"uid=eva,{company.base}", "uid=eva", north)
    assert sync(server).counts["renumbered"] == 0


def unit(company: Company, rdn: str, name: str) -> str:
    dn = f"ou={rdn},{company.base}"
    company.ldap.add_s(dn, [("objectClass", [b"organizationalUnit"]), ("ou", [name.encode()])])
    return dn


def test_person_whom_no_pool_serves_has_no_number(company: Company) -> None:
    company.add("anna", "Anna Petrova")
    server = company.server(pool=None)
    EndpointPool.objects.create(endpoint=server, pool=make_pool(), ou=f"ou=sales,{company.base}")

    run = sync(server)

    assert (run.status, Employee.objects.get().extension) == ("completed", "")


def test_without_a_pool_nobody_is_issued_a_number(company: Company) -> None:
    company.add("anna", "Anna Petrova")

    run = sync(company.server(pool=None))

    assert (run.status, Employee.objects.get().extension) == ("completed", "")


def test_number_that_any_known_entry_claims_is_not_issued(company: Company) -> None:
    """Not even when that entry is switched off, or belongs to nobody here (rule C5)."""
    company.add("gone", "Gone Long", telephoneNumber="200", pwdAccountLockedTime="000001010000Z")
    company.add("anna", "Anna Petrova")
    server = company.server()

    sync(server)

    assert dict(Employee.objects.values_list("name", "extension")) == {"Anna Petrova": "201"}


def test_newcomer_gets_the_number_that_a_colleague_gives_up_in_the_same_run(company: Company) -> None:
    company.add("boris", "Boris Sidorov", telephoneNumber="202")
    server = company.server()
    sync(server)
    company.change("boris", telephoneNumber="203")
    company.add("anna", "Anna Petrova", telephoneNumber="202")

    run = sync(server)

    assert (run.status, dict(Employee.objects.values_list("name", "extension"))) == (
        "completed", {"Anna Petrova": "202", "Boris Sidorov": "203"},
    )  # fmt: skip


@pytest.mark.promise(2)
def test_person_whose_number_was_taken_is_no_news_the_second_time(company: Company) -> None:
    owner = make_employee(name="Zoe Owner", email="zoe@example.test", extension="215")
    make_record(employee=owner)
    company.add("anna", "Anna Petrova", mail="anna@example.test", telephoneNumber="215")
    company.add("zoe", "Zoe Owner", mail="zoe@example.test", telephoneNumber="215")
    server = company.server()
    sync(server)

    run = sync(server)

    assert (run.counts["conflicts"], run.counts["new_matters"], run.items.count()) == (1, 0, 0)
