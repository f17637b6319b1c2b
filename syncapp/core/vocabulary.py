"""The words in which the rules speak (design, section 8)."""

from enum import StrEnum


class Field(StrEnum):
    """What can be synchronised of an employee."""

    NAME = "name"
    EMAIL = "email"
    MOBILE = "mobile"
    EXTENSION = "extension"
    DEPARTMENT = "department"
    TITLE = "title"
    PHOTO = "photo"
    SIP_SECRET = "sip_secret"  # noqa: S105 - the field's name, no secret


# Fields that are plain text columns of the hub.
TEXT_FIELDS = (Field.NAME, Field.EMAIL, Field.MOBILE, Field.EXTENSION, Field.DEPARTMENT, Field.TITLE)


# Fields that rules compare by a digest and never see: a file, and a secret (rules B13, B15).
OPAQUE_FIELDS = (Field.PHOTO, Field.SIP_SECRET)
ALL_FIELDS = (*TEXT_FIELDS, *OPAQUE_FIELDS)


class MatchKey(StrEnum):
    """By what an entry may be recognised as an employee (rule A2), strongest first."""

    EMAIL = "email"
    NAME = "name"
    MOBILE = "mobile"
    EXTENSION = "extension"


class Direction(StrEnum):
    PULL = "pull"  # remote to local
    PUSH = "push"  # local to remote
    BOTH = "both"


class Policy(StrEnum):
    """Who wins when both sides changed differently."""

    REMOTE_WINS = "remote_wins"
    LOCAL_WINS = "local_wins"
    ASK = "ask"


class OnEmpty(StrEnum):
    """Whether emptying a value travels (rule B3)."""

    KEEP = "keep"
    CLEAR = "clear"


class CreateRule(StrEnum):
    """Which people without a match become employees (rule A8)."""

    ALL = "all"
    WITH_NUMBER = "with_number"
    NONE = "none"


class TakenNumber(StrEnum):
    """What a newcomer gets whose number belongs to a leaver (rule C4)."""

    WAIT = "wait"
    POOL = "pool"


class Side(StrEnum):
    """Where a run wrote; the values are part of the JSON format."""

    LOCAL = "pbx"
    REMOTE = "domain"
    BOTH = "both"


class State(StrEnum):
    """State of the person in a directory (rule D1)."""

    ACTIVE = "active"
    DISABLED = "disabled"
    EXPIRED = "expired"
    MISSING = "missing"
    RELEASED = "released"


# Accounts that are switched off: not created (A8).
SWITCHED_OFF_STATES = frozenset({State.DISABLED, State.EXPIRED})
# People of whom the directory does not say that they work here: frozen while they are (B9).
INACTIVE_STATES = SWITCHED_OFF_STATES | {State.MISSING, State.RELEASED}


class Outcome(StrEnum):
    """What a run did with one person; also the status of a record (rule E1).

    In the order of E1: the first that fits is shown.
    """

    FAILED = "failed"
    CONFLICT = "conflict"
    PROPOSED = "proposed"
    CREATED = "created"
    UPDATED = "updated"
    IGNORED = "ignored"
    SKIPPED = "skipped"


# Outcomes that wait for a person: a run that leaves one of them is `partial`.
MATTERS = frozenset({Outcome.FAILED, Outcome.CONFLICT, Outcome.PROPOSED})


class RefusalKind(StrEnum):
    """Why the other side did not take a value; decides when it is tried again (rule B10)."""

    RIGHT = "right"  # concerns the attribute and not the person: no right, read-only server, unknown attribute
    VALUE = "value"  # this value for this person: length, syntax, a rule of the server
    BUSY = "busy"  # passes by itself


class NumberKind(StrEnum):
    """What has a number in a phone system."""

    PERSON = "person"
    MOBILE = "mobile"
    QUEUE = "queue"
    MENU = "menu"
    CONFERENCE = "conference"
    APPLICATION = "application"
    PARKING = "parking"
    SYSTEM = "system"
    OTHER = "other"  # of a module, or of a kind that a newer version has


class Resolution(StrEnum):
    """What a person decided about two different values."""

    LOCAL = "local"  # ours goes out
    REMOTE = "remote"  # theirs comes in
    VALUE = "value"  # a third one, for both sides
    HAND_OVER = "hand_over"  # the claimed number is taken from its owner, who has left (C4)


class Action(StrEnum):
    """What a plan item does to the hub, apart from its field changes."""

    CREATE = "create"  # a new employee, tied to the entry
    JOIN = "join"  # the entry is tied to an employee that exists
    UPDATE = "update"  # entry and employee are tied already
    WAIT = "wait"  # the entry is known and tied to nobody
    MAKE = "make"  # an employee has no entry yet, and gets one at the endpoint
    RELEASE = "release"  # the tie is undone: our own scope leaves the entry out now


class MatterKind(StrEnum):
    """What a person has to decide (rows of Conflict)."""

    FIELD = "field"  # both sides changed differently (B1, B2)
    NUMBER_TAKEN = "number_taken"  # the claimed number belongs to another employee (C4)
    NUMBER_CLAIMED_TWICE = "number_claimed_twice"  # several entries claim one number (C3)
    MATCH_AMBIGUOUS = "match_ambiguous"  # rule A4
    MATCH_PROPOSED = "match_proposed"  # rule A3
    MATCH_SIMILAR = "match_similar"  # rule A5
    MATCH_RECREATED = "match_recreated"  # the account of somebody who is missing, made anew (A7)
    MATCH_REHIRED = "match_rehired"  # the e-mail of somebody who is archived (C8)
    MATCH_RENAMED = "match_renamed"  # the row of a phone system has another name and address: another person? (A11)
    MATCH_TWICE = "match_twice"  # the former account of somebody who has another one by now (A7)
