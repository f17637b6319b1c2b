"""Brakes, notes and ends of runs."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

TEMPLATES: dict[str, Promise] = {
    "run_already_active": _("Run #%(run)s of “%(server)s” has not ended yet. Wait for its end, or cancel it."),
    "nobody_found": _(
        "The directory answered, but nobody is in scope. Check base DN, search bases, departments and filter with Test connection."
    ),
    "run_cancelled": _("The run was cancelled. What had been applied stays; the next run does the rest."),
    "worker_stopped": _(
        "The worker was stopped, so the run ended after what it was about to do. What had been applied stays; the next run does the rest."
    ),
    "run_died": _(
        "The run stopped answering, most likely because its process was killed. Start another one: it looks what was done."
    ),
    "run_deadline": _(
        "The run was ended after %(hours)s hours. What had been applied stays; the next run does the rest."
    ),
    "database_unavailable": _(
        "The database did not take the changes: it is locked by another process, full or gone. The log has the reason; what had been applied stays. Start another run when it works again."
    ),
    "claim_lost": _("Run #%(run)s was taken for dead and closed by another process."),
    "number_contested": _(
        "Several entries claim number %(number)s %(in_it)s, so nobody gets it: %(people)s. Correct it there."
    ),
    "edited_meanwhile_note": _("Some people were edited while the run was going on; the next run looks at them again."),
    "match_closed": _("This was decided already, or has dissolved. Reload the list."),
    "match_about_values": _("Here it is to be decided which value is right, not who somebody is."),
    "match_needs_a_look": _(
        "Several people could be meant, or the same person elsewhere, too. Decide on the page of the conflict."
    ),
    "match_other_account": _(
        "%(employee)s has the entry %(dn)s, which is not missing. Switch one of the two accounts off and synchronise, or say that this one is a new person."
    ),
    "match_no_candidate": _("Employee %(employee)s is no candidate here. Reload the list."),
    "match_tied_meanwhile": _("“%(name)s” or the employee was joined with somebody else meanwhile. Reload the list."),
    "first_meeting": ngettext_lazy(
        "Of %(employees)s employees %(recognised)s were recognised; %(count)s person would come a second time. Check the match keys.",
        "Of %(employees)s employees %(recognised)s were recognised; %(count)s people would come a second time. Check the match keys.",
        "count",
    ),
    "scope_changed": ngettext_lazy(
        "The scope of the server was changed here, and leaves %(count)s known person out. Look at the plan, then apply it, or correct the scope.",
        "The scope of the server was changed here, and leaves %(count)s known people out. Look at the plan, then apply it, or correct the scope.",
        "count",
    ),
    "pool_too_small": ngettext_lazy(
        "%(count)s person more needs a number than the pool has free (%(pools)s). Enlarge the pool, or go on without.",
        "%(count)s people more need a number than the pool has free (%(pools)s). Enlarge the pool, or go on without.",
        "count",
    ),
    "run_crashed": _(
        "The run ended by an error of the program (%(kind)s). The log has the details; what had been applied stays."
    ),
    "many_foreign_values": _(
        "%(count)s of %(filled)s values of “%(attribute)s” cannot be read as %(field)s (for example “%(example)s”), so the mapping may name the wrong attribute. Test connection names a better one where it finds one."
    ),
    "server_switched_off": _("“%(server)s” is switched off: nothing was carried out there."),
    "run_pruned": _(
        "What this run says of entries that are nobody's here was removed by house-keeping (%(at)s). What it did to employees is all there."
    ),
    "full_read_nightly": _("Everybody was read: the first run after %(hour)s does that once a day."),
    "full_read_settings": _(
        "Everybody was read: people are compared by other settings than in the last run, or writing back begins."
    ),
    "full_read_controller": _(
        "Everybody was read: %(uri)s answered, and what the last run had read was known of %(before)s."
    ),
    "full_read_other_machine": _(
        "Everybody was read: another machine answers at %(uri)s than the last time, or it was set up anew."
    ),
    "full_read_refused": _("Everybody was read: %(uri)s does not say any more what has changed (%(text)s)."),
    "full_read_restored": _(
        "Everybody was read: %(uri)s counts its changes from further back than the last time, as after a restored backup."
    ),
    "full_read_clock": _(
        "Everybody was read: at %(uri)s something was changed at %(newest)s, which has yet to come. Compare the clocks of the directory and of this machine."
    ),
    "full_read_nobody": _("Everybody was read: %(uri)s does not show when its people were changed last."),
    "full_read_units": _("Everybody was read: a unit was added, renamed, moved or removed."),
    "full_read_leavers": ngettext_lazy(
        "Everybody was read: %(count)s known person has left, and only a read of everybody says so for sure.",
        "Everybody was read: %(count)s known people have left, and only a read of everybody says so for sure.",
        "count",
    ),
    "full_read_broken_off": _("Everybody was read: run #%(run)s was broken off before it had stored everything."),
    "run_unknown": _("There is no run #%(run)s."),
}
