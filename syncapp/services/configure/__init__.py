"""Servers, phone systems and number pools from a configuration file.

A section creates or updates the row of its name, a key that is left out keeps
its stored value, nothing is ever deleted but mappings that the file replaces,
and no server is contacted. Either all of a file is stored or nothing.
"""

from collections.abc import Sequence
from pathlib import Path

from django.db import transaction

from syncapp.models import DirectoryServer, NumberPool
from syncapp.services.configure.changes import Change, SectionReport
from syncapp.services.configure.directories import DirectoryDraft
from syncapp.services.configure.mistakes import ConfigurationFileError, PlacedMistake
from syncapp.services.configure.phone_systems import PhoneSystemDraft
from syncapp.services.configure.pools import PoolDraft
from syncapp.services.configure.reading import read_sections
from syncapp.services.configure.sections import DIRECTORY, NUMBER_POOL, PHONE_SYSTEM
from syncapp.services.schedules import keep_schedules

__all__ = ["Change", "ConfigurationFileError", "PlacedMistake", "SectionReport", "configure"]


def configure(path: Path) -> list[SectionReport]:
    """Store what the file says and return what became of each section, pools first.

    Raises ConfigurationFileError with every mistake of the file, and
    ConfigurationError when passwords cannot be encrypted.
    """
    content = read_sections(path)
    named = [section for section in content.sections if section.name]
    with transaction.atomic():
        pools = [PoolDraft(section) for section in named if section.kind == NUMBER_POOL]
        directories = [DirectoryDraft(section) for section in named if section.kind == DIRECTORY]
        phones = [PhoneSystemDraft(section) for section in named if section.kind == PHONE_SYSTEM]
        pool_names = {*NumberPool.objects.values_list("name", flat=True), *(pool.section.name for pool in pools)}
        for pool in pools:
            pool.judge()
        for directory in directories:
            directory.judge(pool_names=pool_names)
        server_names = {
            *DirectoryServer.objects.values_list("name", flat=True),
            *(directory.section.name for directory in directories),
        }
        for phone_system in phones:
            phone_system.judge(directories=server_names, pools=pool_names)
        _refuse_one_name_for_two([*directories, *phones])
        mistakes = content.mistakes()
        if mistakes:
            raise ConfigurationFileError(path, mistakes)
        reports = [*(pool.store() for pool in pools), *(directory.store() for directory in directories)]
        reports += [phone_system.store() for phone_system in phones]
        keep_schedules([directory.server.pk for directory in directories])
    return reports


def _refuse_one_name_for_two(drafts: Sequence[DirectoryDraft | PhoneSystemDraft]) -> None:
    """Names are those of all servers, whatever they are: commands take them."""
    known: set[str] = set()
    for draft in drafts:
        if draft.section.name in known:
            draft.section.where.inside("name").wrong("name_twice", name=draft.section.name)
        known.add(draft.section.name)
