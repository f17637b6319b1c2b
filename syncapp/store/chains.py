"""Which rows of a plan must be written together: those between which numbers change hands."""

from collections.abc import Sequence

from syncapp.core.vocabulary import Field
from syncapp.store.items import PlannedRow


def apart(groups: Sequence[Sequence[PlannedRow]]) -> Sequence[Sequence[PlannedRow]]:
    """Take the rows apart as far as it must be: a swap stays whole as long as somebody else may be to blame."""
    if len(groups) > 1:
        return groups
    [rows] = groups
    chains = number_chains(rows)
    return chains if len(chains) > 1 else [[row] for row in chains[0]]


def number_chains(rows: Sequence[PlannedRow]) -> list[list[PlannedRow]]:
    """Group the rows between which numbers change hands; everybody else is alone.

    Within a group who gives a number up comes before who takes it.
    """
    numbers = {row.id: row.changes.get(Field.EXTENSION, ("", "")) for row in rows}
    giver = {before: row for row in rows if (before := numbers[row.id][0])}
    taker = {after: row for row in rows if (after := numbers[row.id][1]) in giver}
    chains: list[list[PlannedRow]] = []
    seen: set[int] = set()
    # First those whose new number nobody has: what is left then are circles.
    for row in sorted(rows, key=lambda row: (numbers[row.id][1] in giver, row.position)):
        chain: list[PlannedRow] = []
        follower: PlannedRow | None = row
        while follower is not None and follower.id not in seen:
            seen.add(follower.id)
            chain.append(follower)
            follower = taker.get(numbers[follower.id][0])
        if chain:
            chains.append(chain)
    return chains
