"""What was measured, as tables for a terminal and for docs/performance.md."""

import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import NamedTuple

from rich.table import Table

from benchmarks.lab import Sample

COLUMNS = ("", "seconds", "of them CPU", "times the plain way", "people a second", "peak memory, MB")


class Aim(NamedTuple):
    """What was to be reached: `measured` against `limit`, which it is to keep below or, with `at_least`, above."""

    text: str
    measured: float
    limit: float
    at_least: bool = False
    unit: str = ""

    @property
    def is_met(self) -> bool:
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit


@dataclass(slots=True)
class Results:
    """The samples of one group of cases by what was measured; `plain` is what the others are compared with."""

    title: str
    plain: str = ""
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    aims: list[Aim] = field(default_factory=list)

    def add(self, case: str, sample: Sample) -> None:
        self.samples.setdefault(case, []).append(sample)

    def seconds(self, case: str) -> float:
        return statistics.median(sample.seconds for sample in self.samples[case])

    def cpu(self, case: str) -> float:
        return statistics.median(sample.cpu for sample in self.samples[case])

    def peak(self, case: str) -> float:
        return max(sample.peak for sample in self.samples[case])

    def ratio(self, case: str, to: str) -> float:
        """How many times as long as another: the median over the rounds, each compared with its own."""
        pairs = zip(self.samples[case], self.samples[to], strict=True)
        return statistics.median(mine.seconds / other.seconds for mine, other in pairs)

    def rows(self) -> Iterable[tuple[str, ...]]:
        for case, samples in self.samples.items():
            seconds = self.seconds(case)
            yield (
                case,
                f"{seconds:.3f}" if seconds < 1 else f"{seconds:.2f}",
                "" if isnan(self.cpu(case)) else f"{self.cpu(case):.2f}",
                f"{self.ratio(case, self.plain):.2f}" if self.plain else "",
                f"{samples[0].people / seconds:,.0f}",
                f"{self.peak(case):.0f}",
            )


def for_terminal(results: Results) -> Sequence[Table]:
    figures = Table(*COLUMNS, title=results.title)
    for column in figures.columns[1:]:
        column.justify = "right"
    for row in results.rows():
        figures.add_row(*row)
    aims = Table("aim", "measured", "")
    for aim in results.aims:
        aims.add_row(aim.text, _measured(aim), "met" if aim.is_met else "[bold red]not met[/]")
    return [figures, aims] if results.aims else [figures]


def for_document(results: Results) -> str:
    """Return the tables in Markdown."""
    lines = [f"{results.title}.", ""]
    lines += _markdown(COLUMNS, results.rows())
    if results.aims:
        rows = [(aim.text, _measured(aim), "met" if aim.is_met else "**not met**") for aim in results.aims]
        lines += ["", *_markdown(("aim", "measured", ""), rows)]
    return "\n".join(lines) + "\n"


def has_place(document: str, name: str) -> bool:
    """Whether the document has the marks of a group of cases."""
    return f"<!-- {name} -->" in document and f"<!-- end of {name} -->" in document


def put_into(document: str, name: str, text: str) -> str:
    """Replace what stands between the marks of a group of cases."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    found = re.sub(
        rf"{re.escape(begin)}.*?{re.escape(end)}", lambda _: f"{begin}\n{text}{end}", document, flags=re.DOTALL
    )
    if not has_place(document, name):
        raise ValueError(f"the document has no place for {name}")
    return found


def _measured(aim: Aim) -> str:
    value = f"{aim.measured:.2f}" if aim.measured < 10 else f"{aim.measured:.0f}"
    return f"{value}{aim.unit}"


def _markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    sides = ["---", *("--:" for _ in columns[1:])]
    return ["| " + " | ".join(row) + " |" for row in (columns, sides, *rows)]
