"""How each field was read in a run, so that a changed mapping is noticed (rule B8)."""

from collections.abc import Mapping

from syncapp.core.converters import CONVERTERS_VERSION
from syncapp.core.options import SyncOptions
from syncapp.core.vocabulary import Field


def mapping_state(options: SyncOptions, previous: Mapping[str, str]) -> dict[str, str]:
    """Say how each field is read now; what is not mapped any more is remembered as it was."""
    now = {
        rule.field.value: "\n".join(
            [
                rule.attribute,
                rule.pattern,
                str(CONVERTERS_VERSION),
                options.region if rule.field is Field.MOBILE else "",
            ]
        )
        for rule in options.rules
    }
    return {**previous, **now}


def remapped_fields(previous: Mapping[str, str], now: Mapping[str, str]) -> frozenset[Field]:
    """Return the fields that were read in another way in the last run over everybody."""
    return frozenset(Field(name) for name, read in now.items() if previous.get(name, read) != read)
