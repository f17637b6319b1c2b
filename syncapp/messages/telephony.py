"""What goes wrong between us and a phone system, and what its Test connection says."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

PHONE_STEP_LABELS: dict[str, Promise] = {
    "settings": _("Settings"),
    "certificate": _("Certificate"),
    "api": _("Interface"),
    "version": _("Version"),
    "key_rights": _("Rights of the key"),
    "employees": _("Employees"),
    "numbers": _("Numbers"),
}

TEMPLATES: dict[str, Promise] = {
    # Settings
    "phone_url_malformed": _(
        "“%(url)s” is not an address such as https://pbx.corp.example. Write https://, the host, and a port if it is an unusual one, nothing behind them."
    ),
    "phone_url_plain": _(
        "“%(url)s” is not protected: the key could be read on the way. Write https:// in front of the host."
    ),
    "phone_url_with_account": _("An address must not contain an account or a password. Take them out of it."),
    "phone_serves_empty": _("Nobody is named. Name somebody, or let it serve everybody."),
    "phone_serves_followed": _("“%(server)s” serves “%(name)s” now, which was called “%(before)s”."),
    "phone_serves_gone": _("This phone system serves “%(name)s”, and nothing is called so any more. Name another one."),
    "phone_serves_several": _("Give one of %(known)s: whom a phone system serves is said in one way."),
    "phone_key_missing": _(
        "There is no API key. Make one on the phone system, under System → API keys, and enter it here."
    ),
    "phone_key_of_several_lines": _(
        "The API key has line breaks or signs that are not ASCII. Enter it as the phone system shows it."
    ),
    "phone_key_for_another_address": _(
        "The stored key of “%(server)s” was entered for another address, or while the certificate was checked. Enter it again."
    ),
    "phone_key_needed_again": _(
        "The stored key was entered for another address, or while the certificate was checked, and is never sent anywhere else. Give it again."
    ),
    "phone_ca_unreadable": _("The file %(file)s with trusted certificates cannot be read: %(reason)s."),
    "phone_requests_out_of_range": _(
        "%(lowest)s to %(highest)s requests a minute can be allowed: beyond that the phone system shuts this machine out."
    ),
    "phone_form_for_russia": _("The form of mobiles is for the region RU alone. Choose “auto” for others."),
    "fingerprint_malformed": _(
        "That is not the SHA-256 fingerprint of a certificate: 64 hex digits, with colons between them or without."
    ),
    "phone_unverified": _(
        "The certificate of “%(server)s” is not looked at: whoever answers at its address gets the key. Confirm the fingerprint of its certificate instead."
    ),
    # Reaching it
    "phone_unreachable": _("%(url)s cannot be reached (%(reason)s). Check the address, the port and the network."),
    "phone_silent": _(
        "%(url)s gave no answer in time. Check whether a MikoPBX listens there, and whether it is overloaded."
    ),
    "phone_broken_off": _("The connection to %(url)s broke. Nothing more was done there; run it again."),
    "phone_certificate_untrusted": _(
        "Nobody known here vouches for the certificate of %(url)s (%(reason)s). Its SHA-256 fingerprint is %(fingerprint)s. Compare it with the one that the phone system itself shows; if it is the same, confirm it. Or name the file of the authority that vouches for it."
    ),
    "phone_certificate_changed": _(
        "%(url)s shows another certificate than the one that was confirmed. Its fingerprint is now %(fingerprint)s. If the phone system got a new certificate, confirm that one; otherwise somebody is in between, and nothing was sent."
    ),
    "phone_tls_failed": _("%(url)s does not speak TLS 1.2 or newer. Check the port."),
    "phone_redirected": _(
        "%(url)s sends one on to %(location)s. The key is not sent to another place; enter the address where the phone system really is."
    ),
    "phone_key_refused": _(
        "%(url)s refused the key for %(path)s: it is wrong, or lacks the right to it; the phone system does not say which. A key that was tried before it existed is refused for a minute longer."
    ),
    "phone_no_api": _("%(url)s has no REST API v3. It needs MikoPBX 2025.1 or newer; update it, or check the address."),
    "phone_rate_limited": _(
        "%(url)s counts too many requests from this machine and refuses all of them for about %(seconds)s seconds. Nothing is sent until then; allow fewer requests a minute if it comes again."
    ),
    "phone_requests_used_up": _(
        "A run of “%(server)s” is using up the requests that it may be sent within a minute. Try again in %(seconds)s seconds, or when the run is over."
    ),
    "phone_address_banned": _(
        "%(url)s refuses this machine. Take its address off the list of banned ones, under Fail2ban on the phone system."
    ),
    "phone_overloaded": _("%(url)s is too busy (status %(status)s). Try again in a while."),
    "phone_locked": _("The database of %(url)s stayed locked. Nothing was done; try again in a while."),
    "phone_worker_silent": _(
        "No worker of %(url)s took the request in time. What was asked for was not done within the time in which it still could be."
    ),
    "phone_answer_unexpected": _(
        "%(url)s answered %(path)s with something unexpected (status %(status)s). Is that a MikoPBX of a version that this program knows?"
    ),
    "phone_list_incomplete": _(
        "%(url)s sent %(rows)s employees and announced %(announced)s. Nothing was made of it: it would read as if the others were gone."
    ),
    # People
    "phone_number_taken": _("The number %(number)s is in use there already (%(kind)s)."),
    "phone_filtered": _(
        "The phone system took a value of this person for an attack and refused it. Look for apostrophes before “or”, quotes before a semicolon, two dots before a slash, or words such as “select … from” in the name."
    ),
    "phone_secret_weak": _(
        "MikoPBX accepts no change of %(number)s until its SIP password is made stronger; change it there and in the phone."
    ),
    "phone_stored_values_refused": _(
        "MikoPBX accepts no change of %(number)s while something that it has stored for this person breaks its own rules: %(texts)s. Correct it there."
    ),
    "phone_refused": _("The phone system refused this person: %(texts)s."),
    "phone_person_without_number": _(
        "“%(name)s” has no number in the phone system: such people are read and never changed. Give a number there first."
    ),
    "phone_person_gone": _("“%(name)s” is not in the phone system any more."),
    "phone_picture_refused": _(
        "The phone system takes pictures of at least %(smallest)s bytes as JPEG, PNG, GIF or WEBP. This one was not sent, for a refused one costs the old one."
    ),
    "phone_kept_otherwise": _("%(field)s: “%(sent)s” was sent, the phone system keeps “%(kept)s”."),
    "phone_dial_string_kept": _(
        "“%(name)s” has the mobile %(mobile)s now, but calls to it go on to “%(dialled)s”, which somebody chose in the phone system. Change it there if that is not meant."
    ),
    "phone_looks_like_another": _(
        "%(count)s of %(tied)s people of the phone system are others than before, or gone. This looks like another or a restored MikoPBX."
    ),
    "phone_numbers_not_read": _(
        "Which numbers are in use in the phone system could not be read, so what was known before counts, for a day. Look whether the key may read /api/v3/extensions."
    ),
    "phone_without_number": _(
        "Has no number in the phone system: such people are read and never changed. Give a number there first."
    ),
    "phone_newcomers_wait": ngettext_lazy(
        "%(count)d employee has no phone there yet, and gets one with the next run: the first one only brings in.",
        "%(count)d employees have no phone there yet, and get one with the next run: the first one only brings in.",
        "count",
    ),
    "phone_serves_unsaid": _(
        "There are several phone systems, and it is not said whom this one serves (serves): nobody is made here."
    ),
    "phone_secret_anew": _(
        "A directory has a new SIP secret: the phone %(number)s is cut off from when it is sent until it is set up anew with it."
    ),
    "phone_secret_unfit": _(
        "MikoPBX would not take the SIP secret that the directory has, or would keep another one, so nothing was sent. Set one there of 16 to 64 letters and digits, of both cases."
    ),
    "phone_secrets_planned": ngettext_lazy(
        "%(count)d phone would get a new SIP secret from a directory, and be cut off until it is set up anew: %(people)s.",
        "%(count)d phones would get new SIP secrets from a directory, and be cut off until they are set up anew: %(people)s.",
        "count",
    ),
    "phone_secrets_sent": ngettext_lazy(
        "%(count)d phone got a new SIP secret from a directory, and is cut off until it is set up anew: %(people)s.",
        "%(count)d phones got new SIP secrets from a directory, and are cut off until they are set up anew: %(people)s.",
        "count",
    ),
    "phone_secrets_left": ngettext_lazy(
        "A directory has a SIP secret for %(count)d person who has a phone here already. It was not sent, for that would cut the phone off; the next one that is set there is.",
        "A directory has SIP secrets for %(count)d people who have phones here already. They were not sent, for that would cut the phones off; the next ones that are set there are.",
        "count",
    ),
    "phone_came_meanwhile": _(
        "Somebody of this name or address has come into the phone system since it was read. Nobody was made; the next run looks who that is."
    ),
    "not_to_be_made": _("Is not to be made in this phone system any more."),
    "made_again": _("%(who)s had this person made there again; the next run does it."),
    "not_gone_from_phones": _("This person is not gone from a phone system. Load the page again."),
    "phone_switch_off_by_hand": _(
        "Has left and still has a phone: MikoPBX lets nobody be switched off from outside. Do that there, once no call leads to the number any more."
    ),
    "phones_of_leavers": ngettext_lazy(
        "%(count)d person has left and still has a phone there. Switch it off by hand: %(people)s.",
        "%(count)d people have left and still have phones there. Switch them off by hand: %(people)s.",
        "count",
    ),
    "made_before": _("An earlier run made this person there, and ended before it could say so."),
    "phone_number_unfit": _(
        "The phone system takes numbers of %(shortest)s to %(longest)s digits; “%(number)s” was not sent, for it would keep another one."
    ),
    "phone_forwards_of_others": _(
        "Calls of %(people)s were forwarded to the former mobile %(mobile)s. Look in the phone system where they go now."
    ),
    # Test connection
    "phone_test_settings": _("%(url)s is asked."),
    "phone_test_pinned": _("It is the certificate that was confirmed (%(fingerprint)s)."),
    "phone_test_certified": _("The certificate is trusted and made for this name."),
    "phone_test_unverified": _(
        "The certificate is not looked at: whoever answers at this address gets the key. Confirm the fingerprint instead."
    ),
    "phone_test_api": _("%(url)s answers as a MikoPBX with the REST API v3."),
    "phone_test_version": _("MikoPBX %(version)s."),
    "phone_test_version_unknown": _(
        "Its version was not told: that takes the right to read /api/v3/system, and the phone system asks the Internet for it. It is 2025.1 or newer, for it has the REST API v3."
    ),
    "phone_rights_all": _("The key may do everything that is needed."),
    "phone_rights_missing": _(
        "The key lacks rights: %(paths)s. Grant it what is listed here and no more, under System → API keys."
    ),
    "phone_test_employees": ngettext_lazy("%(count)d employee.", "%(count)d employees.", "count"),
    "phone_test_without_number": ngettext_lazy(
        "%(count)d of them has no number: such people are read and never changed.",
        "%(count)d of them have no number: such people are read and never changed.",
        "count",
    ),
    "phone_test_disabled": ngettext_lazy(
        "%(count)d of them is switched off there.", "%(count)d of them are switched off there.", "count"
    ),
    "phone_test_cannot_disable": _(
        "What will not work: MikoPBX has no way to switch somebody off from outside. That remains to be done there."
    ),
    "phone_test_numbers": _(
        "%(occupied)s numbers are in use, %(others)s of them by queues, conferences, menus and the like."
    ),
    "phone_certificate_confirmed": _("The certificate %(fingerprint)s was confirmed."),
}
