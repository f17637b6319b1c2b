"""What the account may write in a directory, and how it is given the rest."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

TEMPLATES: dict[str, Promise] = {
    # The step of Test connection
    "rights_nothing_mapped": _("No mapping carries anything to the domain: nothing is ever written to this directory."),
    "rights_anonymous": _(
        "No account is set, and nobody writes anonymously. Enter an account under Connection before you switch writing back on."
    ),
    "rights_no_time": _(
        "The time for this test was up before everybody was asked about. What is missing here is not known."
    ),
    "rights_all": ngettext_lazy(
        "“%(account)s” may write everything that is mapped to go out (%(count)s person looked at, nothing written).",
        "“%(account)s” may write everything that is mapped to go out (%(count)s people looked at, nothing written).",
        "count",
    ),
    "rights_missing": ngettext_lazy(
        "“%(account)s” may not write everything that is mapped to go out (%(count)s person looked at, nothing written). Let the directory's administrator give it the right, or let the mapping only bring in.",
        "“%(account)s” may not write everything that is mapped to go out (%(count)s people looked at, nothing written). Let the directory's administrator give it the right, or let the mapping only bring in.",
        "count",
    ),
    "rights_unknown": _("Nothing says whether “%(account)s” may write what is mapped to go out."),
    "rights_write_back_off": _("Writing back is off for this server: until it is switched on, nothing goes out."),
    # Why something is not known, or no grant would help
    "rights_untold": _(
        "This kind of directory does not tell what an account may write: it is known once the first value has gone out. A refusal is then shown with the person, and nothing is lost."
    ),
    "rights_not_told": _(
        "%(uri)s did not say what the account may write: %(text)s. It is known once the first value has gone out."
    ),
    "rights_protected": ngettext_lazy(
        "%(count)s of the people looked at is an administrator's account (adminCount is 1). Active Directory takes rights on such accounts back every hour: no grant reaches them, and what is changed here for them has to be entered there by hand.",
        "%(count)s of the people looked at are administrators' accounts (adminCount is 1). Active Directory takes rights on such accounts back every hour: no grant reaches them, and what is changed here for them has to be entered there by hand.",
        "count",
    ),
    # To be handed to the directory's administrator
    "grant_domain": _(
        "For the administrator of the domain, in an elevated command prompt on a domain controller. It gives the account the right to read and write these attributes of users, and nothing else:"
    ),
    "grant_389": _(
        "For the administrator of the directory, as a file for ldapmodify, as Directory Manager. It lets the account write these attributes, and nothing else:"
    ),
    "grant_freeipa": _(
        "For the administrator of FreeIPA, in a shell after kinit admin. It lets the account write these attributes of users, and nothing else; what exists already of it is left as it is:"
    ),
    "grant_openldap": _(
        "For the administrator of the directory, as a file for ldapmodify on cn=config; put the database's own DN after “dn:” (the comment says how it is found). The rule stands before the present ones, and all of these go on to hold. In a slapd.conf the same line begins with “access to” in the place of “olcAccess: {0}to”:"
    ),
}
