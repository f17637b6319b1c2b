"""A section [[number_pool]]: compared with what is stored, and stored."""

from syncapp.models import NumberPool
from syncapp.services.configure.changes import Change, SectionReport
from syncapp.services.configure.columns import missing_keys, set_columns
from syncapp.services.configure.sections import PLAIN_POOL_KEYS, Section
from syncapp.services.directory_settings import validate_pool

COLUMNS = (*PLAIN_POOL_KEYS, "reserved")


class PoolDraft:
    """A pool as the file wants it, not stored yet."""

    def __init__(self, section: Section) -> None:
        self.section = section
        self.pool = NumberPool.objects.filter(name=section.name).first() or NumberPool(name=section.name)
        self.created = self.pool.pk is None
        self.changes: list[Change] = set_columns(self.pool, section.values, COLUMNS)

    def judge(self) -> None:
        """Add what is wrong with the pool as a whole to the mistakes of the file."""
        missing = missing_keys(self.section, ("first", "last")) if self.created else set()
        if missing or {"first", "last"} & self.section.wrong:
            return
        for mistake in validate_pool(first=self.pool.first, last=self.pool.last, reserved=self.pool.reserved):
            if mistake.field not in self.section.wrong:
                self.section.where.inside(mistake.field).refuse(mistake.message)

    def store(self) -> SectionReport:
        if self.created:
            self.pool.save()
        elif self.changes:
            self.pool.save(update_fields=[change.key for change in self.changes])
        return SectionReport(self.section.kind, self.section.name, self.created, tuple(self.changes))
