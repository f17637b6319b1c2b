"""What the benchmark says of its samples is what they say."""

from io import BytesIO
from xml.etree import ElementTree

import pytest
from PIL import Image

from benchmarks import generator
from benchmarks.cases import CASES
from benchmarks.lab import Sample
from benchmarks.plot import bars
from benchmarks.results import Aim, Results, for_document, put_into
from benchmarks.run import DOCUMENT


def sample(seconds: float, peak: float = 100) -> Sample:
    return Sample(seconds=seconds, cpu=seconds, peak=peak, people=1000, phases={"write_back": seconds / 2})


def results() -> Results:
    found = Results("a title", plain="plain")
    for plain, ours in ((1, 2), (10, 50), (1, 3)):  # the second round fell into a busy minute
        found.add("plain", sample(plain))
        found.add("ours", sample(ours, peak=ours))
    return found


def test_ratio_compares_what_was_measured_in_one_round() -> None:
    assert results().ratio("ours", "plain") == 3


def test_peak_is_that_of_the_worst_round() -> None:
    assert results().peak("ours") == 50


@pytest.mark.parametrize(("measured", "at_least", "met"), [(2, False, True), (4, False, False), (4, True, True)])
def test_aim_is_met_on_its_side_of_the_limit(measured: float, at_least: bool, met: bool) -> None:
    assert Aim("", measured, 3, at_least=at_least).is_met is met


def test_document_says_which_aims_are_not_met() -> None:
    found = results()
    found.aims = [Aim("below", found.ratio("ours", "plain"), 2)]

    assert "| below | 3.00 | **not met** |" in for_document(found)


def test_document_has_a_place_for_every_group_of_cases() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")

    for name in CASES:
        text = put_into(text, name, f"figures of {name}\n")

    assert [name for name in CASES if f"<!-- {name} -->\nfigures of {name}\n<!--" not in text] == []


def test_document_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="reading"):
        put_into("nothing", "reading", "")


def test_plot_is_an_image_with_a_bar_for_each_case() -> None:
    drawn = ElementTree.fromstring(bars("A & B", {"ours": 0.5, "theirs": 50}, others=frozenset({"theirs"})))  # noqa: S314 - ours

    widths = [float(each.attrib["width"]) for each in drawn.iter("{http://www.w3.org/2000/svg}rect")][1:]
    assert (len(widths), widths == sorted(widths)) == (2, True)


def test_photos_are_pictures_of_ten_kilobytes_that_nobody_shares() -> None:
    several = {generator.photo_of(number) for number in range(10)}

    assert len(several) == 10
    assert {round(len(photo) / 1024) for photo in several} == {10}
    assert {Image.open(BytesIO(photo)).format for photo in several} == {"JPEG"}


def test_domain_has_the_same_people() -> None:
    accounts = list(generator.domain(30, suffix="DC=corp", realm="corp"))[len(generator.DEPARTMENTS) :]

    assert len(accounts) == 30
    assert f"\ntelephoneNumber: {generator.FIRST_EXTENSION + 1}\n" in accounts[2]
