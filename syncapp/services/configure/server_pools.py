"""The number pools of a section [[directory]]: a list that is replaced as a whole."""

from collections.abc import Collection

from syncapp.models import DirectoryServer, EndpointPool, NumberPool
from syncapp.services.configure.changes import Change
from syncapp.services.configure.mistakes import Where
from syncapp.services.configure.sections import Section
from syncapp.services.directory_settings import branch_mistakes

ONE, SEVERAL = "number_pool", "number_pools"


class ServerPoolsDraft:
    """A server's pools as the file wants them; `given` is None where the keys are left out."""

    def __init__(self, server: DirectoryServer, section: Section) -> None:
        self.server = server
        self.section = section
        values = section.values
        self.given: list[dict[str, str]] | None = values.get(SEVERAL, values.get(ONE))

    def judge(self, *, pool_names: Collection[str], base_dn: str) -> None:
        """Add what is wrong to the file's mistakes; `base_dn` may be empty: then any DN will do."""
        values, where = self.section.values, self.section.where
        if {ONE, SEVERAL} <= values.keys() | self.section.wrong:
            where.inside(SEVERAL).wrong("pools_given_twice")
        for pool in values.get(ONE, []):
            _judge_name(pool["name"], pool_names, where.inside(ONE))
        for number, pool in enumerate(values.get(SEVERAL, []), start=1):
            if pool is None:
                continue
            place = where.inside(SEVERAL).numbered(number)
            _judge_name(pool["name"], pool_names, place.inside("name"))
            if pool["ou"]:
                for mistake in branch_mistakes("ou", pool["ou"], base_dn=base_dn):
                    place.inside(mistake.field).refuse(mistake.message)

    def store(self) -> list[Change]:
        if self.given is None:
            return []
        rows = EndpointPool.objects.filter(endpoint=self.server)
        stored = [
            {"name": row.pool.name, "ou": row.ou, "department": row.department} for row in rows.select_related("pool")
        ]
        if stored == self.given:
            return []
        rows.delete()
        pools = {pool.name: pool for pool in NumberPool.objects.filter(name__in=[one["name"] for one in self.given])}
        EndpointPool.objects.bulk_create(
            EndpointPool(
                endpoint=self.server,
                pool=pools[one["name"]],
                position=position,
                ou=one["ou"],
                department=one["department"],
            )
            for position, one in enumerate(self.given)
        )
        return [Change(SEVERAL, _shown(stored) or None, _shown(self.given) or None)]


def _judge_name(name: str, known: Collection[str], where: Where) -> None:
    if name not in known:
        where.wrong("pool_unknown", name=name)


def _shown(pools: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{key: value for key, value in pool.items() if value} for pool in pools]
