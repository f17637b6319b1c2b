"""What goes wrong between us and a directory."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

TEMPLATES: dict[str, Promise] = {
    # Reaching a server
    "host_unknown": _(
        "The name “%(host)s” of %(uri)s is not known. Check the spelling, and whether this machine asks the name server of the company."
    ),
    "name_service_silent": _(
        "The name server did not answer when asked for “%(host)s” of %(uri)s. Check the name servers of this machine, or write an IP address."
    ),
    "connection_refused": _(
        "%(uri)s refused the connection: nothing listens on port %(port)s there. Check the port, and whether the directory is running."
    ),
    "connect_timeout": _(
        "%(uri)s did not answer within %(seconds)s seconds. Check the address, and whether a firewall lets this machine through."
    ),
    "host_unreachable": _("%(uri)s cannot be reached (%(reason)s). Check the address and the network."),
    "answer_timeout": _(
        "%(uri)s took the connection, but gave no answer within %(seconds)s seconds. Check whether a directory listens there, with the security that is set, and whether it is overloaded."
    ),
    "connection_lost": _("%(uri)s broke the connection off. Try again; if it stays so, look into the server's log."),
    "server_busy": _("%(uri)s says that it is busy or not available (%(text)s). Try again later."),
    "no_server_reachable": _(
        "No server of this directory could be reached: %(servers)s. Check the addresses and the network."
    ),
    "directory_error": _("%(uri)s answered with an error: %(text)s."),
    # Encryption
    "encryption_required": _(
        "%(uri)s takes passwords over an encrypted connection only. Set the security to LDAPS or StartTLS."
    ),
    "starttls_refused": _(
        "%(uri)s does not know StartTLS. Use LDAPS (an address with ldaps://), or switch StartTLS on at the server."
    ),
    "tls_not_spoken": _(
        "%(uri)s does not speak TLS on port %(port)s. Check the port: LDAPS is usually 636, StartTLS 389."
    ),
    "tls_too_old": _("%(uri)s offers no encryption as new as TLS 1.2. Switch TLS 1.2 or 1.3 on at the server."),
    "tls_failed": _("The encrypted connection to %(uri)s failed, and the server did not say why. Look into its log."),
    "ca_certificate_unreadable": _(
        "“%(path)s” is not a readable file with certificates in PEM form. Correct the CA certificate under Connection."
    ),
    "certificate_authority_unknown": _(
        "The certificate of %(uri)s comes from an authority that is not trusted here. Give that authority's certificate as CA certificate under Connection."
    ),
    "certificate_self_signed": _(
        "The certificate of %(uri)s is signed by itself. Give it as CA certificate under Connection, or get one from an authority."
    ),
    "certificate_expired": _("The certificate of %(uri)s has expired. Renew it on the server."),
    "certificate_not_yet_valid": _("The certificate of %(uri)s is not valid yet. Check the clocks of both machines."),
    "certificate_for_another_name": _(
        "The certificate of %(uri)s is made for another name than “%(host)s”. Use the name that stands in the certificate, or renew it with this one."
    ),
    "certificate_for_localhost": _(
        "%(uri)s cannot be checked under the name “localhost”. Write 127.0.0.1 or the machine's own name, as it stands in the certificate."
    ),
    "certificate_refused": _("The certificate of %(uri)s is not accepted: %(reason)s."),
    # Logging in
    "password_missing": _(
        "The account “%(account)s” has no password. Enter it under Connection; an empty one would log in anonymously."
    ),
    "login_refused": _("%(uri)s refused the account “%(account)s” or its password. Check both under Connection."),
    "login_account_unknown": _(
        "%(uri)s does not know the account “%(account)s” (data 525). Correct it under Connection."
    ),
    "login_account_restricted": _(
        "%(uri)s refused “%(account)s” because of a restriction on that account (data 52f). Ask the administrator of the directory."
    ),
    "login_not_at_this_time": _(
        "The account “%(account)s” may not log in to %(uri)s at this time of day (data 530). Change its logon hours in the directory."
    ),
    "login_not_from_this_machine": _(
        "The account “%(account)s” may not log in to %(uri)s from this machine (data 531). Change its list of workstations in the directory."
    ),
    "login_password_expired": _(
        "%(uri)s refused the password of “%(account)s” because it has expired (data 532). Set a new one in the directory and enter it under Connection."
    ),
    "login_account_disabled": _(
        "The account “%(account)s” is disabled in %(uri)s (data 533). Enable it there, or use another one."
    ),
    "login_account_expired": _(
        "The account “%(account)s” has expired in %(uri)s (data 701). Extend it there, or use another one."
    ),
    "login_password_must_change": _(
        "The account “%(account)s” must change its password before %(uri)s lets it in (data 773). Set a lasting one in the directory and enter it under Connection."
    ),
    "login_account_locked": _(
        "%(uri)s has locked the account “%(account)s” after too many wrong passwords. Unlock it there and check the password under Connection."
    ),
    "login_name_malformed": _(
        "%(uri)s does not take “%(account)s” as the name of an account. Write it as a DN, such as uid=sync,ou=system,dc=corp,dc=example; Active Directory alone takes user@domain and DOMAIN\\user."
    ),
    "account_not_a_dn": _(
        "%(kind)s knows its accounts by their DN, such as %(example)s, and not as “%(account)s”. Write the whole DN under Connection."
    ),
    "login_needed": _("%(uri)s lets nobody read anonymously. Enter an account and its password under Connection."),
    "login_unwilling": _("%(uri)s did not let “%(account)s” in: %(text)s."),
    # Whose directory it is
    "another_directory": _(
        "Another directory answers at %(uri)s: expected is %(expected)s, found was %(found)s. Nothing was changed. Correct the addresses under Connection. If this directory is meant, because the company moved to it: accept it on the page of a run that failed so, or with manage.py sync_ldap --accept RUN_ID."
    ),
    "directory_not_to_accept": _(
        "Run #%(run)s has no other directory to accept: it found none, somebody has accepted it already, or a later run found the expected one again."
    ),
    # Where to read
    "base_unknown": _(
        "The base DN is empty, and the server does not name exactly one of its own (it has: %(contexts)s). Enter the base DN under Who is read."
    ),
    "base_not_found": _(
        "“%(base)s” is not in the directory, or the account may not see it; what exists is “%(nearest)s”. Correct the base DN or the search bases."
    ),
    "base_renamed": _(
        "“%(base)s” is now “%(now)s”: take it over? On the page of the run, or by entering the new DN as search base or base DN."
    ),
    "base_not_here": _(
        "“%(base)s” is not on this server, or the account may not see it; the server holds %(contexts)s. Correct the base DN or the search bases."
    ),
    "filter_too_long": _("The custom filter has %(length)s characters; %(most)s are the most."),
    "filter_attribute_unknown": _(
        "The custom filter “%(filter)s” names attributes that the directory does not know: %(attributes)s. It would find nobody. Correct their spelling."
    ),
    "mapping_attribute_unknown": _(
        "The mapping names attributes that the directory does not know: %(attributes)s. Correct their spelling under Mappings."
    ),
    "department_attribute_unknown": _(
        "The directory does not know the department attribute “%(attribute)s”. Correct its spelling."
    ),
    "anchor_attribute_unknown": _(
        "The directory does not know the id attribute “%(attribute)s”. Correct its spelling under Who is who."
    ),
    "disabled_attribute_unknown": _(
        "The directory does not know “%(attribute)s”, the attribute that says who is disabled. Nobody would ever be. Correct its spelling under Who is who."
    ),
    "schema_unreadable": _(
        "%(uri)s does not show its schema, so nobody could check whether the attributes in mapping and filter exist. A misspelt one finds nothing."
    ),
    # Reading all of it
    "reading_refused": _("The account “%(account)s” may not read “%(base)s”. Give it the right to read there."),
    "size_limit_openldap": _(
        'The server gives the account “%(account)s” only a part of the people (%(text)s), and with a part nothing can be done. On the server add to the database: limits dn.exact="%(account)s" size=unlimited time=unlimited'
    ),
    "size_limit_389ds": _(
        "The server gives the account “%(account)s” only a part of the people (%(text)s), and with a part nothing can be done. On the server raise nsSizeLimit and nsLookThroughLimit of that account to -1."
    ),
    "size_limit": _(
        "The server gives the account “%(account)s” only a part of the people (%(text)s), and with a part nothing can be done. Raise the limits of that account on the server."
    ),
    "time_limit": _(
        "The server stopped reading “%(base)s” because its time limit was reached. Raise the limit for the account “%(account)s”, or let the server index what the filter asks for."
    ),
    "paging_missing": _(
        "%(uri)s cannot give its people page by page (control 1.2.840.113556.1.4.319). Switch paged results on at the server."
    ),
    "paging_ignored": _(
        "%(uri)s did not say whether it gave everybody: it ignores paged results. Switch them on at the server."
    ),
    "entry_without_anchor": _(
        "The entry “%(dn)s” shows no readable %(attribute)s, its immutable id. Check the kind of the directory, and whether the account may read this attribute."
    ),
    "anchor_several_values": _(
        "The entry “%(dn)s” has several values of %(attribute)s, by which people are told apart. Leave it one of them."
    ),
    "chosen_anchor_missing": _(
        "The entry “%(dn)s” has no usable value of %(attribute)s, by which people are told apart here. Give it one, leave such entries out with the custom filter, or choose another id attribute."
    ),
    "anchor_twice": _(
        "“%(dn)s” and “%(other)s” have the same %(attribute)s, “%(value)s”, by which people are told apart here. Nobody can say whose records these are: correct one of them, or choose another id attribute. If one of the two was just moved, run again."
    ),
    # Test connection
    "test_resolved": _("“%(host)s” is %(addresses)s."),
    "test_connected": _("%(uri)s takes connections."),
    "test_protected": _("%(uri)s speaks %(version)s; its certificate is good, until %(ends)s."),
    "test_unprotected": _("The connection to %(uri)s is not protected: the password can be read on the way."),
    "test_logged_in": _("Logged in as “%(account)s”."),
    "test_anonymous": _("No account is set: reading anonymously. Many directories then show only a part."),
    "test_identity_first": _("This is the directory %(directory)s. The first run that is applied remembers it."),
    "test_identity_known": _("This is the directory that was synchronised last: %(directory)s."),
    "test_identity_unknown": _(
        "The server does not say whose directory it is, so nobody would notice if another one answered at this address."
    ),
    "test_base_found": _("This is %(kind)s. Read is what lies below %(bases)s."),
    "test_filter": _("People are those who pass %(filter)s"),
    "test_people": ngettext_lazy("%(count)s person found.", "%(count)s people found.", "count"),
    "test_people_at_least": ngettext_lazy(
        "At least %(count)s person found; counting further would take too long here.",
        "At least %(count)s people found; counting further would take too long here.",
        "count",
    ),
    "test_nobody": _(
        "The directory answered, but nobody is in scope. Check base DN, search bases, departments and filter, and what the account may see."
    ),
    "test_attributes": ngettext_lazy(
        "%(count)s attribute is mapped, and the directory knows it.",
        "%(count)s attributes are mapped, and the directory knows them.",
        "count",
    ),
    "test_attributes_unchecked": ngettext_lazy(
        "%(count)s attribute is mapped.", "%(count)s attributes are mapped.", "count"
    ),
    "test_stored": _("Kind (%(kind)s) and mapping of this server are stored now."),
    "foreign_values": _(
        "%(foreign)s of %(filled)s values of “%(attribute)s” cannot be read as what it is mapped to, such as “%(example)s”. Check the attribute and the pattern under Mappings."
    ),
    "foreign_values_better": _(
        "%(foreign)s of %(filled)s values of “%(attribute)s” cannot be read as what it is mapped to, such as “%(example)s”. “%(better)s” has %(readable)s that can: map that one instead?"
    ),
}

# Names of the steps of Test connection.
STEP_LABELS: dict[str, Promise] = {
    "settings": _("Settings"),
    "resolve": _("Find the address"),
    "connect": _("Connect"),
    "tls": _("Protect the connection"),
    "bind": _("Log in"),
    "identity": _("Recognise the directory"),
    "base": _("Find the base"),
    "filter": _("Check the filter"),
    "people": _("Count the people"),
    "attributes": _("Check the attributes"),
    "rights": _("Check the right to write"),
}
