"""Outcomes and remarks of one person."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TEMPLATES: dict[str, Promise] = {
    "employee_changed": _(
        "Somebody changed employee %(employee)s since the page was opened. Look at the person again, then save."
    ),
    "employee_archived": _("Archived by hand."),
    "employee_archived_number": _(
        "Archived by hand. Number %(number)s was given up; no pool gives it to anybody else before %(until)s."
    ),
    "phone_task_gone": _(
        "Nothing is to be done about this person any more: back in the directory, or not in the phone system any more. Reload the page."
    ),
    "archive_too_early": _(
        "Missing since the last full read. Archive the person once a second one, at least an hour later, agrees."
    ),
    "employee_taken_back": _("Taken back from the archive by hand."),
    "employee_taken_back_number": _("Taken back from the archive by hand, with number %(number)s."),
    "employee_taken_back_numberless": _(
        "Taken back from the archive by hand. Number %(number)s belongs to somebody else by now; the next run gives another one where the server has a pool."
    ),
    "value_undecodable": _(
        "“%(attribute)s” holds bytes that are not UTF-8 text (%(value)s). It was left alone; enter the value there again."
    ),
    "value_control_characters": _(
        "“%(attribute)s” holds control characters (%(value)s). It was left alone; enter the value there again."
    ),
    "value_too_long": _(
        "“%(attribute)s” is longer than the %(limit)s characters that fit here (%(value)s). It was left alone, nothing was cut; shorten it there."
    ),
    "value_not_matched": _("“%(value)s” in “%(attribute)s” does not fit the mapping's pattern. It was left alone."),
    "value_not_email": _(
        "“%(value)s” in “%(attribute)s” is not an e-mail address. It was left alone; correct it there."
    ),
    "value_not_mobile": _(
        "“%(value)s” in “%(attribute)s” cannot be read as one valid telephone number. It was left alone; correct it there."
    ),
    "value_several_numbers": _(
        "“%(value)s” in “%(attribute)s” holds several telephone numbers. It was left alone; keep one of them there, or let a pattern pick it."
    ),
    "value_mobile_with_extension": _(
        "“%(value)s” in “%(attribute)s” has an extension, so it is no mobile number. It was left alone; correct it there."
    ),
    "value_not_extension": _(
        "“%(value)s” in “%(attribute)s” is not an internal number. It was left alone; map another attribute, or give a pattern that picks the number."
    ),
    "drifted": _(
        "Not applied: this person was changed since the plan was made. Now here: %(here)s; %(in_it)s: %(there)s. The next run looks again."
    ),
    "drifted_gone": _(
        "Not applied: the entry is not among the people who are read any more. Now here: %(here)s. The next run looks again."
    ),
    "drifted_number": _(
        "Not applied: number %(number)s belongs to “%(owner)s” since the plan was made. The next run looks again."
    ),
    "drifted_number_in_phones": _(
        "Not applied: number %(number)s is taken in the phone system since the plan was made: %(use)s. The next run looks again."
    ),
    "drifted_phones_unread": _(
        "Not applied: whether the number is free in %(systems)s cannot be told now, and has not been known for a day or more. The next run looks again."
    ),
    "matched": _("Recognised by %(key)s."),
    "back_in_scope": _("In scope again: the same entry, and so the same person."),
    "same_entry": _("The same entry as on “%(server)s”, and so the same person."),
    "archived_here_active_there": _(
        "Archived here, and active %(in_it)s. No run takes anybody back: do so here, or switch the account off there."
    ),
    "missing_moved_to": _("Missing: moved out of the search bases, to %(dn)s."),
    "missing_left_filter": _("Missing: still at %(dn)s, but departments or filter leave the entry out now."),
    "missing_disabled": _("Missing: the account is switched off and out of scope, at %(dn)s."),
    "missing_deleted_or_unreadable": _("Missing: deleted, or not readable for the account any more."),
    "missing_not_on_this_controller": _(
        "Missing on %(uri)s. %(shown_by)s showed the person last, so one of the two may be behind; the next run looks again."
    ),
    "missing_from_phones": _(
        "Not in the phone system any more: its administrator has removed this person. Nobody is made there again unless you say so."
    ),
    "write_behind": _(
        "%(uri)s still shows what stood there before we wrote %(field)s to %(has)s. For a day that counts as a delay between the two, and nothing is carried either way."
    ),
    "released_by_scope": _(
        "Out of scope by a change of the server's settings. The entry is tied to nobody any more; employee and number stay."
    ),
    "match_confirmed": _("Joined by %(who)s."),
    "match_moved": _(
        "%(who)s confirmed a re-created account: now %(dn)s (%(anchor)s), before %(old_dn)s (%(old_anchor)s)."
    ),
    "account_replaced": _("Was the account of %(name)s. %(who)s confirmed that it was re-created as %(dn)s."),
    "match_refused": _("%(who)s said that this is none of the proposed people."),
    "match_untied": _(
        "%(who)s said that this is somebody else than %(employee)s, and untied it. The next run takes it for a new entry."
    ),
    "employee_untied": _("%(who)s untied the entry %(dn)s: it is somebody else's. The join had brought in: %(came)s."),
    "untie_not_joined": _(
        "No join of %(name)s is known: the employee was created from this entry, the account moved, or the run is not kept any more."
    ),
    "untie_changed": _("The entry belongs to somebody else or to nobody by now. Reload the page."),
    "match_ambiguous": _(
        "Could be several people, or several entries could be one: %(people)s. Decide under Conflicts; nobody was joined or created."
    ),
    "match_proposed": _("Could be %(people)s, but not everything agrees. Confirm or refuse under Conflicts."),
    "match_recreated": _(
        "Could be %(people)s, whose own entry is missing: a re-created account. Confirm or refuse under Conflicts; nobody was created."
    ),
    "match_rehired": _(
        "Has the e-mail of %(people)s, who is archived: hired again? Confirm or refuse under Conflicts; nobody was created."
    ),
    "match_renamed": _(
        "The phone system shows another name and another address in the row of %(people)s: renamed, or another person? Nothing travels until somebody says so under Conflicts."
    ),
    "match_renamed_confirmed": _("%(who)s confirmed that “%(name)s” is the same person, renamed in the phone system."),
    "number_waits_for_phones": _(
        "The number %(number)s goes to the directory as soon as the phone system has taken it."
    ),
    "match_twice": _(
        "Is or was an account of %(people)s, who has another one now. Switch one of the two off, or say under Conflicts that it is somebody else; nobody was created."
    ),
    "match_similar": _("The name resembles %(people)s. Confirm or refuse under Conflicts."),
    "not_created_inactive": _("The account is switched off and belongs to nobody here, so nobody was created."),
    "not_created_off": _("Belongs to nobody here, and this server creates nobody."),
    "not_created_no_number": _(
        "Belongs to nobody here, and has no number in the directory, without which this server creates nobody."
    ),
    "not_created_nameless": _(
        "Neither name nor e-mail nor number can be read, so nobody was created. Correct the entry there, or map other attributes."
    ),
    "field_conflict": _(
        "Two values for %(field)s: “%(local)s” here, “%(remote)s” %(in_it)s. Nothing was changed; decide which is right."
    ),
    "content_conflict": _("%(field)s was changed both here and %(in_it)s. Nothing was changed; decide which is right."),
    "content_difference": _("%(field)s differs here and %(in_it)s. The mapping carries neither the one nor the other."),
    "several_contents": _("%(it)s has several values for %(field)s. None was taken; keep one of them there."),
    "photo_too_many_bytes": _(
        "The picture in “%(attribute)s” is larger than %(limit)s MB. It was left alone; make it smaller."
    ),
    "photo_too_many_pixels": _(
        "The picture in “%(attribute)s” has too many pixels (%(width)s × %(height)s). It was left alone; make it smaller."
    ),
    "photo_not_a_picture": _(
        "What “%(attribute)s” holds is no picture of a known format (%(formats)s). It was left alone; put a picture there."
    ),
    "photo_damaged": _(
        "The picture in “%(attribute)s” is damaged (%(reason)s). It was left alone; put another one there."
    ),
    "photo_not_small_enough": _(
        "The photo cannot be made small enough for “%(attribute)s” (%(limit)s bytes). Upload another one."
    ),
    "photo_file_missing": _("The file of the photo is gone from this server. Upload the photo again."),
    "secret_not_text": _("The SIP secret in “%(attribute)s” is no text. It was left alone; enter it there again."),
    "number_taken": _(
        "%(it)s says %(number)s, but that number belongs to %(owner)s. The number here: %(got)s. That value was left alone."
    ),
    "number_of_leaver": _(
        "%(it)s says %(number)s, the number of %(owner)s, who has left or whose entry no longer names it. The number here: %(got)s. Hand it over under Conflicts, or leave it."
    ),
    "number_waits": _(
        "%(it)s says %(number)s, the number of %(owner)s, who has left or whose entry no longer names it. Hand it over under Conflicts; until then there is no number here."
    ),
    "number_handed_over": _("%(who)s handed number %(number)s over to %(to)s."),
    "number_taken_over": _("%(who)s handed number %(number)s over from %(owner)s."),
    "number_claimed_twice": _(
        "%(it)s says %(number)s, but several entries claim that number. The number here: %(got)s. Correct it there."
    ),
    "number_held_in_phones": _(
        "%(it)s says %(number)s, but in the phone system that is %(use)s. The number here: %(got)s. Correct it %(in_it)s, or free the number in the phone system."
    ),
    "number_phones_unread": _(
        "No number was given out: which numbers are taken in %(systems)s has not been known for a day or more. See that the phone system can be reached and the key may read the extensions; the next run tries again."
    ),
    "pool_phones_unread": _(
        "No number is given out by itself at present: which are taken in %(systems)s has not been known for a day or more. The next run that needs a number asks again."
    ),
    "number_pool_exhausted": _(
        "No free number is left in the pool. Enlarge the pool or free a number, then synchronise again."
    ),
    "number_taken_meanwhile": _("Somebody got number %(number)s while the run was going on. Synchronise again."),
    "row_refused": _("The database refused this person's values. The log has the reason; the next run tries again."),
    "came_meanwhile": _(
        "Somebody like this came in here while the run was going on, so nobody was created. The next run looks again."
    ),
    "edited_meanwhile": _("Was edited here while the run was going on. The next run looks again."),
    "several_values": _("Several values for %(field)s %(in_it)s: %(values)s. None was taken; keep one of them there."),
    "emptied_kept_here": _("%(field)s was emptied %(in_it)s (noticed on %(on)s), “%(value)s” is kept here."),
    "emptied_kept_there": _("%(field)s was emptied here (noticed on %(on)s), “%(value)s” is kept %(in_it)s."),
    "difference": _(
        "%(field)s differs: “%(local)s” here, “%(remote)s” %(in_it)s. The mapping carries neither the one nor the other."
    ),
    "difference_abroad": _(
        "%(field)s differs: “%(local)s” here, “%(remote)s” %(in_it)s. Another server comes first for this person and gives the value."
    ),
    # Typed by hand
    "typed_not_email": _("“%(value)s” is not an e-mail address. Write it like anna@corp.example."),
    "typed_not_mobile": _("“%(value)s” is not a telephone number. Write it like +79161234567."),
    "typed_not_extension": _("“%(value)s” cannot be an extension: digits only."),
    "typed_number_in_phones": _("Number %(number)s is taken in the phone system: %(use)s."),
    "typed_number_taken": _("Extension %(number)s belongs to %(owner)s."),
    "typed_too_long": _("At most %(limit)s characters are possible for %(field)s."),
    "typed_control_characters": _("The text for %(field)s holds control characters. Type it instead of pasting it."),
    "typed_nameless": _("Give a name, an e-mail address or an extension."),
    # Decided by hand
    "decided_local": _("For %(field)s %(who)s took %(of_hub)s value."),
    "decided_remote": _("For %(field)s %(who)s took %(its)s value."),
    "decided_value": _("For %(field)s %(who)s entered another value."),
    "decision_closed": _("This was decided already, or has dissolved. Reload the list."),
    "decision_changed": _("One of the two values has changed since they were shown. Look again, then decide."),
    "decision_moved": _("Since the last run compared it, %(field)s was changed here. Synchronise, then look again."),
    "decision_about_people": _(
        "Here it is to be decided who somebody is, not which value is right. Join or refuse on the page of the conflict."
    ),
    "decision_not_mapped": _(
        "The server does not map %(field)s any more. Synchronise it: the conflict closes by itself."
    ),
    "decision_empty": _(
        "Here %(field)s is empty, and the mapping does not empty it %(in_it)s. Take %(its)s value, enter another one, or empty it there yourself."
    ),
    "decision_empty_number": _(
        "There is no extension here, and none is ever removed %(from_it)s. Take %(its)s number, enter another one, or remove it there yourself."
    ),
    "decision_not_brought_in": _(
        "The mapping does not bring %(field)s in %(from_it)s. Take what is here, or let the mapping go both ways."
    ),
    "decision_not_typed": _("A value for %(field)s cannot be typed. Take what is here or what is %(in_it)s."),
    "decision_number_owned": _(
        "Number %(number)s belongs to %(owner)s. Give %(owner)s another one first, or enter a free number here."
    ),
    "decision_number_cooling": _(
        "Number %(number)s rests until %(until)s: %(owner)s, who is archived, gave it up. Hand it over, or enter a free number here."
    ),
    "decision_no_hand_over": _(
        "Number %(number)s of %(owner)s cannot be handed over: the owner is active, and no entry has given the number up."
    ),
    "decision_not_number": _("This is about no number of somebody else's, so nothing can be handed over."),
    "decision_owner_changed": _(
        "Number %(number)s does not belong to %(owner)s any more. Synchronise, then look again."
    ),
    "decision_number_claimed": _(
        "Other entries claim number %(number)s %(in_it)s, too: %(people)s. Decide about them first, or enter a free number here."
    ),
}
