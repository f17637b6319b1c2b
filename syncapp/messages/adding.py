"""What was found of a directory that is being added, and why a mapping is proposed."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TEMPLATES: dict[str, Promise] = {
    "proposal_usual": _("%(count)s of %(people)s people have one."),
    "proposal_usual_name": _("%(count)s of %(people)s have a full name here."),
    "proposal_usual_extension": _("%(count)s of %(people)s have an extension here."),
    "proposal_usual_mobile": _("%(count)s of %(people)s have a mobile number here."),
    "proposal_usual_photo": _("%(count)s of %(people)s have a picture."),
    "proposal_better": _(
        "%(attribute)s: %(count)s of %(people)s can be used; the usual %(usual)s: %(usual_count)s of %(people)s."
    ),
    "proposal_better_name": _(
        "%(attribute)s: %(count)s of %(people)s are full names; the usual %(usual)s: %(usual_count)s of %(people)s."
    ),
    "proposal_better_extension": _(
        "%(attribute)s: %(count)s of %(people)s are extensions; the usual %(usual)s: %(usual_count)s of %(people)s."
    ),
    "proposal_better_mobile": _(
        "%(attribute)s: %(count)s of %(people)s are mobile numbers; the usual %(usual)s: %(usual_count)s of %(people)s."
    ),
    "proposal_better_photo": _(
        "%(attribute)s: %(count)s of %(people)s have a picture; the usual %(usual)s: %(usual_count)s of %(people)s."
    ),
    "proposal_pattern": _(
        "With this pattern %(count)s of %(people)s have an extension, as a whole value only %(usual_count)s: it stands behind another number, as in “%(example)s”."
    ),
    "proposal_empty": _("Nobody of the %(people)s has a value here."),
    "proposal_secret": _("“%(attribute)s” holds secrets. It is not looked at, and belongs to no field."),
    "proposal_not_counted": _("Counting would have taken too long here."),
    "proposal_foreign": _(
        "%(foreign)s of %(filled)s values cannot be read, such as “%(example)s”. Choose another attribute, or give a pattern."
    ),
    # What a server can do
    "feature_paged": _("Gives people page by page."),
    "feature_paged_missing": _("Does not say that it gives people page by page: reading may fail."),
    "feature_assertion": _("Writes only where nothing was changed meanwhile (assertions)."),
    "feature_assertion_missing": _("Takes no assertions: each write names the value that it replaces."),
    "feature_post_read": _("Shows at once what was written (post-read)."),
    "feature_post_read_missing": _("Does not show what was written: it is read once more."),
    "feature_sync": _("Can tell what has changed (content synchronisation)."),
    "feature_dirsync": _("Can tell what has changed (DirSync)."),
    "feature_changes_missing": _("Names neither content synchronisation nor DirSync."),
    # What was found
    "found_kind": _("This is %(kind)s; %(uri)s answered."),
    "found_people": _("People in scope: %(people)s; switched off: %(inactive)s."),
    "found_people_of": _(
        "Entries that pass the filter: %(people)s. The figures are of the first %(sample)s; switched off of these: %(inactive)s."
    ),
    "found_people_at_least": _(
        "Entries that pass the filter: at least %(people)s; counting further would take too long here. The figures are of the first %(sample)s; switched off of these: %(inactive)s."
    ),
    "found_nobody": _(
        "The directory answered, but nobody is in scope (%(filter)s). Check the base DN, and what the account may see."
    ),
    "scope_at_least": _(
        "People in scope: at least %(people)s; counting further would take too long here. Switched off of these: %(inactive)s."
    ),
    "scope_brings_nobody": _("Nobody would be read. Look at the search bases, the departments and the filter."),
    "anchor_serves": _("“%(attribute)s”: everybody has one of his own, such as “%(example)s”."),
    "anchor_serves_for_now": _(
        "“%(attribute)s”: everybody has one of his own, such as “%(example)s”; but it changes when people marry or move."
    ),
    "anchor_does_not_serve": _(
        "“%(attribute)s”: %(filled)s of %(people)s have one; different values: %(different)s; people with several: %(several)s."
    ),
}
