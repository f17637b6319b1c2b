"""Mistakes in a server's settings and in configuration files."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

TEMPLATES: dict[str, Promise] = {
    "encryption_key_invalid": _(
        "A key in ENCRYPTION_KEYS is not a Fernet key. Make one as README, section Settings, says."
    ),
    "encryption_key_wrong": _(
        "A stored password cannot be decrypted: none of ENCRYPTION_KEYS fits. Give back the key it was stored with, or enter the password again."
    ),
    "password_for_another_address": _(
        "The stored password of “%(server)s” was entered for another address, security or account. Enter it again under Connection."
    ),
    "server_being_added": _(
        "“%(server)s” is still being added: confirm first what was found there, on its page under Directory servers."
    ),
    # Settings of a server
    "uris_missing": _("Name at least one address, such as ldaps://dc1.corp.example."),
    "uri_malformed": _(
        "“%(uri)s” is not an address such as ldaps://dc1.corp.example or ldap://10.0.0.5:389. Write ldap:// or ldaps://, the host, and a port if it is an unusual one."
    ),
    "uri_with_account": _(
        "An address must not contain an account or a password. Take them out of it; they have places of their own."
    ),
    "uri_global_catalogue": _(
        "“%(uri)s” is the port of a global catalogue, which knows only a part of each person's attributes. Use 636 for LDAPS or 389 for StartTLS."
    ),
    "uri_scheme_differs": _(
        "“%(uri)s” does not go with security “%(security)s”: that needs an address beginning with %(scheme)s://. Change one of the two; a connection without any protection must be asked for with security “none”."
    ),
    "dn_malformed": _("“%(dn)s” is not a DN. Write it such as OU=Sales,DC=corp,DC=example."),
    "dn_outside_base": _("“%(dn)s” is not below the base DN “%(base)s”. Correct one of the two."),
    "filter_malformed": _(
        "“%(filter)s” is not a complete LDAP filter. Write it with its brackets, such as (!(employeeType=robot))."
    ),
    "attribute_malformed": _(
        "“%(attribute)s” cannot be the name of an attribute: letters, digits and hyphens, beginning with a letter."
    ),
    "department_attribute_missing": _(
        "Departments are named, but not the attribute that they stand in. Name it, such as department or ou."
    ),
    "department_empty": _("One of the departments is empty. Take it out."),
    "anchor_for_generic_only": _(
        "The id attribute “%(attribute)s” is for another LDAPv3 server alone: the other kinds bring an id of their own. Choose that kind, or leave the id attribute empty."
    ),
    "anchor_would_change": _(
        "The people of this server are known by %(attribute)s. By %(other)s all of them would be strangers. Leave it as it is, or add the directory as another server and switch this one off."
    ),
    "anchor_changes": _(
        "“%(attribute)s” tells people apart here, and is something that changes when people marry or move. Whoever gets another value comes back as a stranger. Choose something that stays, such as employeeNumber, if there is one."
    ),
    "disabled_value_missing": _(
        "“%(attribute)s” says who is disabled, but not by which value. Write the whole value, such as former."
    ),
    "disabled_attribute_missing": _(
        "There is a value that means disabled, but not the attribute in which it stands. Name it, such as employeeType."
    ),
    "region_unknown": _("“%(region)s” is not a country. Write the two capital letters of its code, such as RU."),
    "match_keys_missing": _("Name at least one of %(known)s: without a match key everybody would come a second time."),
    "match_key_unknown": _("“%(key)s” is not a match key. There are %(known)s."),
    "match_key_twice": _("The match key “%(key)s” stands there twice."),
    "limit_kind_unknown": _("“%(kind)s” is not a kind of change that has a limit. There are %(known)s."),
    "limit_malformed": _(
        "The limit “%(kind)s” must be three whole numbers: count, percent (up to 100), ceiling, such as [5, 10, 1000]."
    ),
    "schedule_malformed": _("A schedule has either every_minutes or cron, or is off."),
    "schedule_faster_alone": _("faster_after_change goes with every_minutes alone."),
    "schedule_faster": _("faster_after_change must be a whole number of minutes below %(minutes)s."),
    "schedule_minutes": _(
        "The minutes between two runs (every_minutes) must be a whole number from 1 to %(longest)s. For rarer runs use cron."
    ),
    "schedule_cron": _(
        "“%(cron)s” is not a cron expression that ever comes true. Write five fields: minute, hour, day, month, day of the week, such as */5 8-19 * * 1-5."
    ),
    # Mappings
    "field_mapped_twice": _(
        "The field “%(field)s” is mapped already, by mapping %(first)s. Every field has one mapping."
    ),
    # Number pools
    "pool_not_digits": _("“%(number)s” is not an extension: digits only, 20 at most."),
    "pool_lengths_differ": _("“%(first)s” and “%(last)s” must have equally many digits, for leading zeros count."),
    "pool_reversed": _("The range ends at “%(last)s”, before it begins at “%(first)s”."),
    "pool_too_large": _(
        "The range has %(size)s numbers; %(largest)s are the most. Check how many digits its ends have, or make several pools of it."
    ),
    "pool_reserved_outside": _("The reserved number “%(number)s” is not in the range from %(first)s to %(last)s."),
    "mapping_reads_secrets": _(
        "SIP secrets are read from “%(attribute)s”: whoever may read that attribute in the directory can make calls with these telephones. Let nobody but this account read it. Nothing is written there unless that is asked for a second time. Phone systems get them with everybody who is made there, and whenever one is changed in the directory: that cuts off the phone until it is set up anew."
    ),
    "mapping_pushes_secrets": _(
        "SIP secrets are written to “%(attribute)s”: whoever may read that attribute in the directory can make calls with these telephones. Let nobody but this account read it."
    ),
    "mapping_pushes_identity": _(
        "%(field)s is written to “%(attribute)s”: other systems may log people in or name them by it. Make sure that they bear a change."
    ),
    "mapping_attribute_invalid": _(
        "“%(attribute)s” is no attribute. Give one name (mail), several of which the first that has a value counts (displayName|cn), or a composition ({givenName} {sn})."
    ),
    "mapping_push_needs_one_attribute": _(
        "Nothing can be written to “%(attribute)s”: that takes one single attribute. Choose the direction “pull”, or name one attribute."
    ),
    "mapping_needs_one_attribute": _("The field “%(field)s” takes one single attribute, not “%(attribute)s”."),
    "mapping_pattern_with_composition": _(
        "A pattern cannot be used together with the composition “%(attribute)s”. Leave one of them out."
    ),
    "mapping_pattern_not_text": _("The field “%(field)s” takes no pattern."),
    "mapping_pattern_invalid": _(
        "The pattern “%(pattern)s” is not a regular expression. Check its brackets and repetitions."
    ),
    "mapping_pattern_without_group": _(
        "The pattern “%(pattern)s” has no group. Put the part that is ours in round brackets."
    ),
    "mapping_pattern_slow": _(
        "The pattern “%(pattern)s” can take minutes over a single value. Avoid repetitions inside repetitions, such as (\\d+)+."
    ),
    "mapping_pattern_not_read_back": _(
        "With the pattern “%(pattern)s” a value of the field “%(field)s” that is written into the empty attribute would not be read back as the same. Let the pattern fit a bare value as a whole, as ^(\\d{2,5})$ does, or choose the direction “pull”."
    ),
    # Configuration files
    "configuration_refused": ngettext_lazy(
        "%(count)d mistake in %(file)s: nothing was stored.",
        "%(count)d mistakes in %(file)s: nothing was stored.",
        "count",
    ),
    "configuration_empty": _(
        "The file is empty. Describe number pools as [[number_pool]], servers as [[directory]] and phone systems as [[phone_system]]."
    ),
    "file_unreadable": _("%(file)s cannot be read: %(reason)s."),
    "file_not_utf8": _("%(file)s is not written in UTF-8. Save it in that encoding."),
    "toml_malformed": _("Line %(line)s, column %(column)s: this is not TOML. The parser says: %(reason)s."),
    "toml_unreadable": _("The file has numbers or brackets beyond all measure."),
    "key_unknown": _("There is no such key. There are %(known)s."),
    "key_unknown_near": _("There is no such key. Is “%(near)s” meant?"),
    "key_missing": _("This key is missing; a new section cannot do without it."),
    "name_twice": _(
        "Another section of the file is called “%(name)s”, too. Give them different names, or make one of them."
    ),
    "name_of_another_kind": _("A server of another kind is called “%(name)s” already. Choose another name."),
    "sections_expected": _("Write it as a section of its own, headed [[%(key)s]] with two brackets on each side."),
    "text_expected": _("A text in quotation marks belongs here."),
    "text_too_long": _("This text is too long: %(longest)s characters at most."),
    "control_character": _("This text has line breaks or other control characters in it. Take them out."),
    "value_empty": _("This must not be empty."),
    "boolean_expected": _("true or false belongs here, without quotation marks."),
    "number_expected": _("A whole number from %(lowest)s to %(highest)s belongs here, without quotation marks."),
    "list_expected": _("A list in square brackets belongs here."),
    "table_expected": _("A table in braces belongs here, with the keys %(known)s."),
    "choice_unknown": _("“%(value)s” is not one of %(known)s."),
    "directory_unknown": _("There is no directory called “%(name)s”, neither stored nor in this file."),
    "pool_unknown": _("There is no number pool called “%(name)s”, neither stored nor in this file."),
    "pool_for_two": _("A pool is for an OU or for a department, not for both."),
    "pools_given_twice": _("Give either number_pool or number_pools, not both."),
    "password_expected": _('A text in quotation marks belongs here, or { env = "…" }, or { file = "…" }.'),
    "password_variable_missing": _("The environment variable %(variable)s is not set, or empty."),
    "password_file_empty": _("The password file %(file)s is empty."),
    "password_of_several_lines": _("The password has several lines. It must be one."),
    "password_not_utf8": _("The password has bytes that are not UTF-8. Give it in that encoding."),
    "password_missing": _(
        "There is an account (%(account)s), but no password for it. Many servers take a log-in without a password for an anonymous one. Give the password, or leave the account empty."
    ),
    "account_missing": _(
        "There is a password, but no account that it belongs to. Name the account, or take the password away."
    ),
    "password_needed_again": _(
        "The stored password was entered for another address, security or account, and is never sent anywhere else. Give it again."
    ),
    # What configuring did
    "section_created": _("%(section)s “%(name)s”: created"),
    "section_updated": _("%(section)s “%(name)s”: updated"),
    "section_unchanged": _("%(section)s “%(name)s”: nothing changed"),
    "password_set": _("password set"),
    "password_taken_away": _("password taken away"),
    "value_none": _("none"),
}
