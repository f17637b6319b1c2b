"""What became of values that go out to a directory."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

TEMPLATES: dict[str, Promise] = {
    # Refused by the directory
    "write_no_right": _(
        "The directory did not let %(account)s write “%(attribute)s” (%(text)s). Grant this account the right to write that attribute; the next run tries again."
    ),
    "write_attribute_unknown": _(
        "The directory does not know the attribute “%(attribute)s” (%(text)s). Map another one, or extend the directory's schema."
    ),
    "write_elsewhere": _(
        "This server only passes on writes of “%(attribute)s” to another one (%(text)s). Enter the address of a server that can be written to."
    ),
    "write_unwilling": _(
        "The directory refuses to write “%(attribute)s” (%(text)s). It may be read-only; the next run tries again."
    ),
    "write_needs_encryption": _(
        "The directory takes writes of “%(attribute)s” over an encrypted connection only (%(text)s). Set LDAPS or StartTLS under Connection."
    ),
    "write_busy": _("The directory was too busy to write “%(attribute)s” (%(text)s). The next run tries again."),
    "write_names_the_entry": _(
        "“%(attribute)s” is part of the entry's name and cannot be changed by itself (%(text)s). Rename the entry in the directory, or map another attribute."
    ),
    "write_class_forbids": _(
        "An entry of this kind cannot have “%(attribute)s” (%(text)s). Add the object class that allows it, or map another attribute."
    ),
    "write_syntax": _(
        "The directory cannot store this value in “%(attribute)s” (%(text)s). Change the value here, or map another attribute."
    ),
    "write_constraint": _(
        "The directory does not accept this value for “%(attribute)s” (%(text)s): it may be too long, or against a rule of the server. Change the value here, or the rule there."
    ),
    "write_too_long": _(
        "This value is longer than “%(attribute)s” can hold in this directory: %(longest)s at most (characters of a text, bytes of a photo). Shorten it here, or map another attribute."
    ),
    "write_refused": _(
        "The directory refused to write “%(attribute)s”: %(text)s. Change the value here, or look into the server's log."
    ),
    # Found out by ourselves
    "write_read_only": _(
        "“%(attribute)s” is written by the directory itself; nobody else can. Map another attribute, or let the mapping only bring in."
    ),
    "write_entry_gone": _(
        "The entry was deleted, or cannot be read any more, before it could be written. The next run looks again."
    ),
    "write_unfit": _(
        "“%(value)s” cannot be written into “%(attribute)s” so that it would be read back as the same. Change the value here, or the mapping's pattern."
    ),
    "write_foreign": _(
        "“%(attribute)s” was changed %(in_it)s meanwhile to something that cannot be read. It was left alone."
    ),
    "write_read_as_other": _(
        "“%(attribute)s” was written, but %(it)s shows “%(value)s” now: somebody else, or the server, has changed it since. The next run looks again."
    ),
    "write_edited_meanwhile": _("Was edited here before it was written %(to_it)s. The next run looks again."),
    "write_not_sent": _("The run ended before this was written %(to_it)s. The next run goes on."),
    "write_unknown": _(
        "It is not known whether this was written %(to_it)s: the run ended in the middle. The next run looks and says."
    ),
    # Said of the run
    "write_dropped": _(
        "The directory refused to let “%(attribute)s” be written for the first people (%(text)s), so that nobody else was tried. Grant the account the right to write that attribute; the next run tries a few people and then everybody."
    ),
    "attribute_empty_for_all": _(
        "“%(attribute)s” (%(field)s) is empty for everybody %(in_it)s, and was not before. Check whether the account may still read it."
    ),
    "mapping_changed": ngettext_lazy(
        "The mapping of %(fields)s was changed: what was agreed does not count any more, and %(count)s person would be changed or asked about. Look through the plan, then apply it with “force”.",
        "The mapping of %(fields)s was changed: what was agreed does not count any more, and %(count)s people would be changed or asked about. Look through the plan, then apply it with “force”.",
        "count",
    ),
    "phones_anew": ngettext_lazy(
        "%(count)s phone has to be set up anew: %(people)s.",
        "%(count)s phones have to be set up anew: %(people)s.",
        "count",
    ),
    "write_found": ngettext_lazy(
        "Run %(run)s ended while it was writing %(to_it)s. It turned out that it had written %(count)s person: %(people)s.",
        "Run %(run)s ended while it was writing %(to_it)s. It turned out that it had written %(count)s people: %(people)s.",
        "count",
    ),
    "not_relayed": _(
        "“%(value)s” for %(field)s came from another directory and is not passed on to this one. Switch relay on in the mapping if it should be."
    ),
}
