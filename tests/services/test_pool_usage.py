"""What a list of pools costs, and whose emergency numbers count."""

import tracemalloc

import pytest

from syncapp.models import EndpointPool, NumberPool
from syncapp.services.numbers import PoolUsage, pool_usage
from tests.factories import make_employee, make_pool, make_record, make_server

pytestmark = pytest.mark.django_db

LEAST = 4 * 1024 * 1024  # bytes; a set of a million numbers takes a hundred megabytes


def usage(pool: NumberPool) -> PoolUsage:
    return pool_usage([pool])[pool.pk]


def test_large_pool_is_counted_without_its_numbers() -> None:
    pool = make_pool(first="1000000", last="3999999", reserved=["1000001"])
    make_employee(extension="1000000")
    tracemalloc.start()

    counted = usage(pool)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert counted == PoolUsage(size=3_000_000, used=1, reserved=1, claimed=0, free=2_999_998, next="1000002")
    assert peak < LEAST


NOT_IN_RANGE = {"longer": "2000", "shorter": "20", "with_letters": "1a0", "other_digits": "1٠0"}


@pytest.mark.parametrize("extension", NOT_IN_RANGE.values(), ids=NOT_IN_RANGE)
def test_extension_that_only_looks_like_one_of_the_range_is_not_counted(extension: str) -> None:
    make_employee(extension=extension)

    assert usage(make_pool(first="100", last="299")).used == 0


def test_emergency_number_that_is_used_counts_once() -> None:
    make_employee(extension="101")

    counted = usage(make_pool(first="100", last="105"))

    assert (counted.used, counted.free, counted.next) == (1, 2, "100")


REGIONS = {"of_the_server": (["DE"], 9), "of_the_first_server": (["RU", "DE"], 6), "of_no_server": ([], 6)}


@pytest.mark.parametrize(("regions", "free"), REGIONS.values(), ids=REGIONS)
def test_emergency_numbers_are_those_of_the_region(regions: list[str], free: int) -> None:
    """In Russia 101 to 104 and 112 call help, in Germany 110 and 112."""
    pool = make_pool(first="101", last="110")
    for rank, region in enumerate(regions):
        EndpointPool.objects.create(endpoint=make_server(region=region, rank=rank), pool=pool)

    assert usage(pool).free == free


# Number plan of the employee whose entry names 205, his extension there, and what pools of the plan `default` have.
CLAIMS = {
    "of_his_own": ("default", "205", (1, 0, 9)),
    "of_his_own_in_another_plan": ("branch", "205", (0, 1, 9)),
    "beside_another_number": ("default", "207", (1, 1, 8)),
    "without_a_number": ("default", "", (0, 1, 9)),
}


@pytest.mark.parametrize(("plan", "extension", "expected"), CLAIMS.values(), ids=CLAIMS)
def test_number_that_an_entry_names_is_claimed_unless_it_is_used(
    plan: str, extension: str, expected: tuple[int, int, int]
) -> None:
    make_record(employee=make_employee(number_plan=plan, extension=extension), keys=["A", ["a"], [], [], ["205"]])

    counted = usage(make_pool(first="200", last="209"))

    assert (counted.used, counted.claimed, counted.free) == expected


def test_number_that_an_entry_names_and_somebody_else_has_is_used() -> None:
    make_employee(extension="205")
    make_record(employee=make_employee(), keys=["A", ["a"], [], [], ["205", "206"]])
    make_record()

    counted = usage(make_pool(first="200", last="209"))

    assert (counted.used, counted.claimed, counted.free) == (1, 1, 8)
