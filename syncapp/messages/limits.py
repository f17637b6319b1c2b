"""Brakes with their likely causes, and plans that wait for somebody."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

TEMPLATES: dict[str, Promise] = {
    "limit_lost": ngettext_lazy(
        "%(count)d person would be missing, %(recent)s more were in the last 24 hours; at most %(limit)s of %(tied)s may be.",
        "%(count)d people would be missing, %(recent)s more were in the last 24 hours; at most %(limit)s of %(tied)s may be.",
        "count",
    ),
    "limit_disabled": ngettext_lazy(
        "%(count)d person would be disabled, %(recent)s more were in the last 24 hours; at most %(limit)s of %(tied)s may be.",
        "%(count)d people would be disabled, %(recent)s more were in the last 24 hours; at most %(limit)s of %(tied)s may be.",
        "count",
    ),
    "limit_created": ngettext_lazy(
        "%(count)d employee would be created, %(recent)s more were in the last 24 hours; with %(tied)s known people at most %(limit)s may be.",
        "%(count)d employees would be created, %(recent)s more were in the last 24 hours; with %(tied)s known people at most %(limit)s may be.",
        "count",
    ),
    "limit_replaced": ngettext_lazy(
        "Values of %(count)d employee would be replaced by others, of %(recent)s more they were in the last 24 hours; at most %(limit)s of %(tied)s may be.",
        "Values of %(count)d employees would be replaced by others, of %(recent)s more they were in the last 24 hours; at most %(limit)s of %(tied)s may be.",
        "count",
    ),
    "limit_emptied": ngettext_lazy(
        "Values of %(count)d person would be emptied, of %(recent)s more they were in the last 24 hours; at most %(limit)s of %(tied)s may be.",
        "Values of %(count)d people would be emptied, of %(recent)s more they were in the last 24 hours; at most %(limit)s of %(tied)s may be.",
        "count",
    ),
    "limit_renumbered": ngettext_lazy(
        "%(count)d person would get another number, %(recent)s more did in the last 24 hours; at most %(limit)s of %(tied)s may.",
        "%(count)d people would get another number, %(recent)s more did in the last 24 hours; at most %(limit)s of %(tied)s may.",
        "count",
    ),
    "limit_written_back": ngettext_lazy(
        "%(count)d person would be changed %(in_it)s, %(recent)s more were in the last 24 hours; at most %(limit)s of %(tied)s may be.",
        "%(count)d people would be changed %(in_it)s, %(recent)s more were in the last 24 hours; at most %(limit)s of %(tied)s may be.",
        "count",
    ),
    "limit_conflicts": ngettext_lazy(
        "Conflicts would be opened about %(count)d person, about %(recent)s more they were in the last 24 hours; at most %(limit)s of %(tied)s may be.",
        "Conflicts would be opened about %(count)d people, about %(recent)s more they were in the last 24 hours; at most %(limit)s of %(tied)s may be.",
        "count",
    ),
    "group_vanished": _(
        "All %(count)s people of “%(group)s” would be disabled or missing at once. Was it renamed, moved or closed?"
    ),
    "cause_branch_left": _("All %(count)s of them were in “%(branch)s”: was it renamed, moved or closed?"),
    "cause_branch": _("All %(count)s of them are in “%(branch)s”, and others are not: what happened there?"),
    "cause_department": _("All %(count)s of them are in department “%(department)s”, and others are not."),
    "cause_field": _(
        "For all %(count)s of them it is %(field)s (“%(attribute)s”): was that attribute rewritten %(in_it)s, or the field here?"
    ),
    "cause_emptied": _("For all %(count)s of them %(field)s (“%(attribute)s”) was emptied: by a script?"),
    "cause_unreadable": _(
        "“%(attribute)s” (%(field)s) is empty for everybody %(in_it)s, and was not before: may the account still read it?"
    ),
    "cause_base_changed": _("The base DN was changed since the last synchronisation: “%(before)s” became “%(after)s”."),
    "cause_bases_changed": _(
        "The search bases were changed since the last synchronisation: “%(before)s” became “%(after)s”."
    ),
    "cause_departments_changed": _(
        "The departments were changed since the last synchronisation: “%(before)s” became “%(after)s”."
    ),
    "cause_filter_changed": _(
        "The custom filter was changed since the last synchronisation: “%(before)s” became “%(after)s”."
    ),
    "cause_account_changed": _(
        "The account was changed since the last synchronisation: “%(before)s” became “%(after)s”. It may see other people or attributes."
    ),
    "cause_disabled_attribute_changed": _(
        "The attribute that says who is disabled was changed since the last synchronisation: “%(before)s” became “%(after)s”."
    ),
    "cause_disabled_value_changed": _(
        "The value that means disabled was changed since the last synchronisation: “%(before)s” became “%(after)s”."
    ),
    "plan_missing": _("Run #%(run)s keeps no plan: only previews and held runs do."),
    "plan_expired": _("The plan of run #%(run)s is older than %(days)s days. Make a new preview."),
    "plan_needs_force": _(
        "The plan of run #%(run)s is held. Look through it; to apply it after all, add --force or use the button on its page."
    ),
    "plan_settings_changed": _(
        "The settings of the server were changed since run #%(run)s was made, so its plan may not be right any more. Make a new preview."
    ),
    "plan_other_directory": _(
        "The plan of run #%(run)s was made of another directory than the one that answers now. Make a new preview."
    ),
    "plan_applied": _("The plan of run #%(run)s was applied already, by run #%(by)s."),
    "plan_replaced": _("The plan of run #%(run)s was replaced by the one of run #%(by)s, which is held, too."),
    "plan_overtaken": _("Run #%(by)s has been applied since, within the limits; the plan of run #%(run)s is closed."),
    "plan_discarded": _("The plan of run #%(run)s was discarded by %(who)s."),
    "plan_continued": ngettext_lazy(
        "%(count)d row of the plan of run #%(run)s had been carried out by a run that was ended on the way.",
        "%(count)d rows of the plan of run #%(run)s had been carried out by a run that was ended on the way.",
        "count",
    ),
    "plan_rows_refused": ngettext_lazy(
        "%(count)d row was not applied, because the person was changed since the plan was made: its item has the newest values. The next run looks again.",
        "%(count)d rows were not applied, because the people were changed since the plan was made: their items have the newest values. The next run looks again.",
        "count",
    ),
}
