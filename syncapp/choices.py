"""Choices of model fields: the words of the rules, with labels for people."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from syncapp.core import vocabulary as words


class Kind(models.TextChoices):
    AUTO = "auto", _("find out")
    ACTIVE_DIRECTORY = "active_directory", "Active Directory"
    OPENLDAP = "openldap", "OpenLDAP"
    FREEIPA = "freeipa", "FreeIPA"
    DS389 = "389ds", "389 Directory Server"
    GENERIC = "generic", _("another LDAPv3 server")


class PhoneKind(models.TextChoices):
    MIKOPBX = "mikopbx", "MikoPBX"


class MobileForm(models.TextChoices):
    AUTO = "auto", _("as most people there have theirs")
    SEVEN = "7XXXXXXXXXX", "7XXXXXXXXXX"
    EIGHT = "8XXXXXXXXXX", "8XXXXXXXXXX"


class Security(models.TextChoices):
    LDAPS = "ldaps", _("LDAPS (encrypted from the start)")
    STARTTLS = "starttls", "StartTLS"
    NONE = "none", _("none (the password travels in clear)")


class CreateRule(models.TextChoices):
    ALL = words.CreateRule.ALL, _("everybody")
    WITH_NUMBER = words.CreateRule.WITH_NUMBER, _("only people with a number in the directory")
    NONE = words.CreateRule.NONE, _("nobody")


class TakenNumber(models.TextChoices):
    WAIT = words.TakenNumber.WAIT, _("wait for a decision")
    POOL = words.TakenNumber.POOL, _("take a number of the pool")


class Field(models.TextChoices):
    NAME = words.Field.NAME, _("name")
    EMAIL = words.Field.EMAIL, _("e-mail")
    MOBILE = words.Field.MOBILE, _("mobile")
    EXTENSION = words.Field.EXTENSION, _("extension")
    DEPARTMENT = words.Field.DEPARTMENT, _("department")
    TITLE = words.Field.TITLE, _("job title")
    PHOTO = words.Field.PHOTO, _("photo")
    SIP_SECRET = words.Field.SIP_SECRET, _("SIP secret")


class Direction(models.TextChoices):
    PULL = words.Direction.PULL, _("from the domain")
    PUSH = words.Direction.PUSH, _("to the domain")
    BOTH = words.Direction.BOTH, _("both ways")


class Policy(models.TextChoices):
    ASK = words.Policy.ASK, _("ask")
    REMOTE_WINS = words.Policy.REMOTE_WINS, _("the domain wins")
    LOCAL_WINS = words.Policy.LOCAL_WINS, _("the PBX wins")


class OnEmpty(models.TextChoices):
    KEEP = words.OnEmpty.KEEP, _("keep the other side's value")
    CLEAR = words.OnEmpty.CLEAR, _("empty the other side too")


class Status(models.TextChoices):
    """Status of a record: what the last applied run did (rule E1)."""

    FAILED = words.Outcome.FAILED, _("failed")
    CONFLICT = words.Outcome.CONFLICT, _("conflict")
    PROPOSED = words.Outcome.PROPOSED, _("proposed")
    CREATED = words.Outcome.CREATED, _("created")
    UPDATED = words.Outcome.UPDATED, _("updated")
    IGNORED = words.Outcome.IGNORED, _("ignored")
    SKIPPED = words.Outcome.SKIPPED, _("skipped")


class ItemOutcome(models.TextChoices):
    """Outcome of a run item: `planned` until it is carried out.

    `writing`: done in the hub, on its way to the domain. In a run that has ended
    it means "not known"; the next run looks.
    """

    PLANNED = "planned", _("planned")
    WRITING = "writing", _("being written")
    FAILED = words.Outcome.FAILED, _("failed")
    CONFLICT = words.Outcome.CONFLICT, _("conflict")
    PROPOSED = words.Outcome.PROPOSED, _("proposed")
    CREATED = words.Outcome.CREATED, _("created")
    UPDATED = words.Outcome.UPDATED, _("updated")
    IGNORED = words.Outcome.IGNORED, _("ignored")
    SKIPPED = words.Outcome.SKIPPED, _("skipped")


class Happening(models.TextChoices):
    """What a run does to a person, or would do: what its counts count (rule E7)."""

    CREATED = "created", pgettext_lazy("happens", "created here")
    CHANGED = "changed", pgettext_lazy("happens", "changed here")
    WRITTEN = "written", pgettext_lazy("happens", "written to the server")
    DECIDE = "decide", pgettext_lazy("happens", "to be decided")
    FAILED = "failed", pgettext_lazy("happens", "failed")
    STATE = "state", pgettext_lazy("happens", "state changed")
    DISABLED = "disabled", pgettext_lazy("happens", "newly disabled")
    MISSING = "missing", pgettext_lazy("happens", "newly missing")
    RETURNED = "returned", pgettext_lazy("happens", "returned")
    RENUMBERED = "renumbered", pgettext_lazy("happens", "another number")


class State(models.TextChoices):
    ACTIVE = words.State.ACTIVE, _("active")
    DISABLED = words.State.DISABLED, _("disabled")
    EXPIRED = words.State.EXPIRED, _("expired")
    MISSING = words.State.MISSING, _("missing")
    RELEASED = words.State.RELEASED, _("out of scope")


class NumberKind(models.TextChoices):
    PERSON = words.NumberKind.PERSON, _("person")
    MOBILE = words.NumberKind.MOBILE, _("mobile of")
    QUEUE = words.NumberKind.QUEUE, _("queue")
    MENU = words.NumberKind.MENU, _("voice menu")
    CONFERENCE = words.NumberKind.CONFERENCE, _("conference")
    APPLICATION = words.NumberKind.APPLICATION, _("application")
    PARKING = words.NumberKind.PARKING, _("parking slot")
    SYSTEM = words.NumberKind.SYSTEM, _("system number")
    OTHER = words.NumberKind.OTHER, _("other use")


class Side(models.TextChoices):
    LOCAL = words.Side.LOCAL, _("in the PBX")
    REMOTE = words.Side.REMOTE, _("in the domain")
    BOTH = words.Side.BOTH, _("on both sides")


class MatterKind(models.TextChoices):
    FIELD = words.MatterKind.FIELD, _("two different values")
    NUMBER_TAKEN = words.MatterKind.NUMBER_TAKEN, _("the number belongs to somebody else")
    NUMBER_CLAIMED_TWICE = words.MatterKind.NUMBER_CLAIMED_TWICE, _("several entries claim one number")
    MATCH_AMBIGUOUS = words.MatterKind.MATCH_AMBIGUOUS, _("several people could be meant")
    MATCH_PROPOSED = words.MatterKind.MATCH_PROPOSED, _("the same person?")
    MATCH_SIMILAR = words.MatterKind.MATCH_SIMILAR, _("similar name: the same person?")
    MATCH_RECREATED = words.MatterKind.MATCH_RECREATED, _("re-created account?")
    MATCH_REHIRED = words.MatterKind.MATCH_REHIRED, _("hired again?")
    MATCH_RENAMED = words.MatterKind.MATCH_RENAMED, _("renamed, or another person?")
    MATCH_TWICE = words.MatterKind.MATCH_TWICE, _("two accounts of one person?")


class Resolution(models.TextChoices):
    LOCAL = words.Resolution.LOCAL, _("value of the PBX")
    REMOTE = words.Resolution.REMOTE, _("value of the domain")
    VALUE = words.Resolution.VALUE, _("another value")
    HAND_OVER = words.Resolution.HAND_OVER, _("number handed over")


class RunMode(models.TextChoices):
    PREVIEW = "preview", _("preview")
    APPLY = "apply", _("synchronisation")
    EDIT = "edit", _("edit")


class RunTrigger(models.TextChoices):
    MANUAL = "manual", _("by hand")
    COMMAND = "command", _("command line")
    SCHEDULE = "schedule", _("schedule")


class RunStatus(models.TextChoices):
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    COMPLETED = "completed", _("completed")
    PARTIAL = "partial", _("completed with open matters")
    HELD = "held", _("held")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")
    CRASHED = "crashed", _("crashed")


class RunPhase(models.TextChoices):
    READ = "read", _("reading")
    PLAN = "plan", _("planning")
    APPLY = "apply", _("applying")
    WRITE_BACK = "write_back", _("writing back")
    DONE = "done", _("done")


class ReadMode(models.TextChoices):
    FULL = "full", _("full")
    INCREMENTAL = "incremental", _("incremental")
    PERSON = "person", _("one person")


class ChannelKind(models.TextChoices):
    MAIL = "mail", _("mail")
    WEBHOOK = "webhook", _("webhook (signed JSON)")


class Happened(models.TextChoices):
    """What a notification tells of a server."""

    FAILING = "failing", _("a server does not work")
    RECOVERED = "recovered", _("a server works again")
    HELD = "held", _("a run is held")
    CONFLICTS = "conflicts", _("matters wait for a decision")


class NoticeStatus(models.TextChoices):
    WAITING = "waiting", _("on its way")
    SENT = "sent", _("delivered")
    GIVEN_UP = "given_up", _("given up")
