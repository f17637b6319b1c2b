"""Whether the directory that answers is the one that answered before (rule A10)."""

from syncapp.core.normalise import fold
from syncapp.core.records import Identity
from syncapp.exceptions import DirectoryError


def same_directory(one: Identity, other: Identity) -> bool:
    """Whether nothing says that these are two directories: lack of evidence refuses nothing.

    Of a naming context whose entry one of the two could not read the name alone
    serves. Without a name in common the ids count alone, for domains are renamed.
    """
    if not one.contexts or not other.contexts:
        return True
    mine, theirs = _folded(one), _folded(other)
    common = mine.keys() & theirs.keys()
    if common:
        return all(mine[context] == theirs[context] or not (mine[context] and theirs[context]) for context in common)
    return bool({*mine.values()} & {*theirs.values()} - {""})


def expect_directory(expected: Identity, found: Identity, *, uri: str) -> None:
    """Raise DirectoryError when another directory answers at an address than the one that is expected."""
    if not same_directory(expected, found):
        raise DirectoryError("another_directory", uri=uri, expected=identity_text(expected), found=identity_text(found))


def merged(found: Identity, expected: Identity | None) -> Identity:
    """Return what was found, with ids from before for entries that could not be read this time."""
    known = _folded(expected) if expected is not None else {}
    return Identity({context: id_ or known.get(fold(context), "") for context, id_ in found.contexts.items()})


def identity_text(identity: Identity) -> str:
    """Name a directory for people: its naming contexts, each with the id of its entry where that is known."""
    return "; ".join(f"{context} ({id_})" if id_ else context for context, id_ in identity.contexts.items())


def _folded(identity: Identity) -> dict[str, str]:
    return {fold(context): id_ for context, id_ in identity.contexts.items()}
