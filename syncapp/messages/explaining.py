"""Why a person is here or not: the steps of an explanation."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

TEMPLATES: dict[str, Promise] = {
    # Here
    "explain_employee": _("Employee here: %(employee)s, extension %(extension)s, mobile %(mobile)s, e-mail %(email)s."),
    "explain_archived": _("Archived here on %(since)s: no run changes or revives the person."),
    "explain_number_issued": _("Number %(number)s was given out by this program, so nobody is recognised by it."),
    # Where
    "explain_found": _("Found in %(server)s: %(dn)s (immutable id %(anchor)s)."),
    "explain_gone": _(
        "The entry is not in %(server)s any more, or the account may not see it. Last seen as %(dn)s (immutable id %(anchor)s)."
    ),
    "explain_not_there": _(
        "%(server)s shows nobody by “%(text)s”, in scope or out of it. Check the spelling there, and whether the account may see the entry."
    ),
    "explain_several_entries": _("Several entries could be this person: %(entries)s. Look one up by its DN."),
    "explain_also": ngettext_lazy(
        "%(count)s further entry, known to no run, fits what was looked for: %(entries)s.",
        "%(count)s further entries, known to no run, fit what was looked for: %(entries)s.",
        "count",
    ),
    "explain_server_off": _("%(server)s is switched off: no run reads it."),
    # In a phone system
    "explain_phone_found": _("Found in %(server)s: %(name)s (row %(row)s)."),
    "explain_phone_disabled": _("Switched off in the phone system."),
    "explain_phone_removed": _(
        "Removed in %(server)s. Nobody is made there a second time until somebody presses “Create again” on the record."
    ),
    "explain_phone_not_yet": _("Not in %(server)s yet: it was tried to make this person there."),
    "explain_phone_nobody": _("%(server)s has nobody by “%(text)s”."),
    "explain_phone_needs_number": _(
        "Only somebody with a number of the number plan “%(plan)s” is made there. Give a number first."
    ),
    "explain_phone_makes_nobody": _("Nobody is made there: that is switched off in its settings."),
    "explain_phone_not_served": _(
        "This person is not made there: the phone system serves others, or the person has left, is archived or has no name."
    ),
    "explain_phone_would_make": _(
        "The next run over everybody makes this person there with number %(number)s, unless the number is in use or somebody there may be this person."
    ),
    # State of the account
    "explain_state_active": _("The account is active."),
    "explain_state_disabled": _("The account is disabled in the directory."),
    "explain_state_expired": _("The account has expired in the directory."),
    # Scope
    "explain_in_scope": _("It is in scope: runs read it."),
    "explain_out_of_scope": _("It is out of scope, so runs do not see it:"),
    "scope_outside": _(
        "It lies in none of the branches that are read: %(bases)s. Move it, or add its branch to the search bases."
    ),
    "scope_kind": _("It is no person to %(kind)s: it does not pass %(filter)s."),
    "scope_nobody": _(
        "%(kind)s keeps it as a system account, room or shared mailbox, or nothing but its login name is known. Such entries are left out."
    ),
    "scope_department": _(
        "“%(attribute)s” holds %(found)s, but only these departments are read: %(departments)s. Correct the entry, or add the department."
    ),
    "scope_filter": _("It does not pass the custom filter %(filter)s. Correct the entry or the filter."),
    # Whose it is
    "explain_unknown": _("No applied run has met this entry yet."),
    "explain_tied": _("It is tied to %(employee)s, since %(since)s at the latest."),
    "explain_tied_by": _("It is tied to %(employee)s since run #%(run)s (%(since)s)."),
    "explain_untied": _("It is known since %(since)s and tied to nobody."),
    "explain_refused_people": _("Somebody said that it is none of these: %(people)s."),
    "explain_open": _("Waits for a decision since %(since)s: %(matter)s (conflict #%(conflict)s)."),
    "explain_open_field": _(
        "Waits for a decision about %(field)s since %(since)s: %(matter)s (conflict #%(conflict)s)."
    ),
    # By what it is recognised
    "explain_no_keys": _("The entry has nothing by which this server recognises people."),
    "explain_key_nobody": _("%(key)s “%(value)s”: nobody here has it."),
    "explain_key_one": _("%(key)s “%(value)s”: %(people)s has it here."),
    "explain_key_shared": ngettext_lazy(
        "%(key)s “%(value)s” is no proof: here it belongs to %(people)s, in the directory to %(count)s entry.",
        "%(key)s “%(value)s” is no proof: here it belongs to %(people)s, in the directory to %(count)s entries.",
        "count",
    ),
    "explain_would_join": _("The next run recognises %(employee)s by %(key)s, and ties the two."),
    "explain_agrees": _("%(employee)s: these agree: %(fields)s."),
    "explain_disagrees": _("%(employee)s: these disagree: %(fields)s."),
    "explain_would_create": _("The next run creates a new employee."),
    # What travels
    "explain_frozen": _("While the account is switched off no value travels in either direction."),
    "explain_frozen_archived": _("While the employee is archived no value travels in either direction."),
    "explain_write_back_off": _("Writing back to this server is off: nothing goes out."),
    "explain_first_run": _("The first applied run of a server only brings in: nothing goes out before it."),
    "why_unchanged": _("Neither side changed it since it was agreed."),
    "why_agreed": _("Both sides have the same."),
    "why_unreadable": _("“%(attribute)s” holds nothing that can be taken."),
    "why_behind": _("This controller shows what stood there before our write; another one has it already."),
    "why_pull_only": _("The sides differ, but the mapping carries %(field)s only from the domain to here."),
    "why_push_only": _("The sides differ, but the mapping carries %(field)s only from here to the domain."),
    "why_abroad": _("The sides differ, but nothing is brought in from here: “%(server)s” comes first for this person."),
    "why_kept": _("Emptied on one side, but the mapping does not let emptying travel."),
    "why_number_kept": _("Emptied on one side, but a run never empties an extension."),
    "why_never_agreed": _("Both sides have a value, and none was ever agreed."),
    "why_both_changed": _("Both sides changed it since it was agreed, differently."),
    "why_larger_there": _("At the first meeting the larger photo stays: that of the domain."),
    "why_larger_here": _("At the first meeting the larger photo stays: ours."),
    "why_first_there": _("Nothing was agreed before, so the domain's value counts."),
    "why_only_here": _("Only here there is a value."),
    "why_changed_there": _("Only the domain changed it since it was agreed."),
    "why_changed_here": _("Only we changed it since it was agreed."),
    "why_secret_kept": _("No directory has another secret than the one that was noted."),
    "why_secret_left": _("The phone was there before: it keeps its own until another one is set in a directory."),
    "why_secret_changed": _("A directory has another one than was noted."),
    "why_domain_wins": _("Both sides changed it, and the mapping lets the domain win."),
    "why_pbx_wins": _("Both sides have a value of their own, and the mapping lets the PBX win."),
    "effect_here": _("A run writes “%(after)s” here, in the place of “%(before)s”."),
    "effect_here_content": _("A run takes the domain's in here."),
    "effect_issued": _("A run gives out number %(after)s of the pool."),
    "effect_there": _("A run writes “%(after)s” to “%(attribute)s”, in the place of “%(before)s”."),
    "effect_there_content": _("A run writes ours to “%(attribute)s”."),
    "effect_waits": _("It waits: nothing goes out yet."),
    "effect_refused": _("It waits for the right to write “%(attribute)s”."),
    "effect_read_only": _("It waits: “%(attribute)s” is written by the directory alone."),
}
