"""The systems at the other end. An endpoint's row holds settings and no run state."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from syncapp.choices import CreateRule, Kind, Security, TakenNumber
from syncapp.core.vocabulary import MatchKey
from syncapp.exceptions import ConfigurationError
from syncapp.fields import EncryptedTextField, Secret
from syncapp.models.bound_secrets import BoundSecret


def default_match_keys() -> list[str]:
    return [key.value for key in MatchKey]


class Endpoint(models.Model):
    """What a directory server and a phone system have in common."""

    name = models.CharField(
        pgettext_lazy("server", "name"),
        max_length=100,
        unique=True,
        help_text=_("How this server is called in lists, commands and mails."),
    )
    rank = models.PositiveSmallIntegerField(
        _("rank"),
        default=1,
        help_text=_("Who gives when several servers know a person: the lowest number comes first."),
    )
    enabled = models.BooleanField(
        _("enabled"), default=True, help_text=_("A server that is switched off is not synchronised. Its data stays.")
    )
    region = models.CharField(
        _("region"),
        max_length=2,
        default="RU",
        help_text=_("Country (two letters, such as RU) in whose form mobile numbers without a country code are read."),
    )
    write_back = models.BooleanField(
        _("write back"),
        default=False,
        help_text=_("Whether values may be written to this server, for the fields whose mapping says so."),
    )
    match_keys = models.JSONField(
        _("match keys"),
        default=default_match_keys,
        help_text=_("By what an entry is recognised as an employee at first meeting, in this order."),
    )
    number_plan = models.CharField(
        _("number plan"),
        max_length=50,
        default="default",
        help_text=_("Extensions are unique within a plan. One plan is right for almost everybody."),
    )
    limits = models.JSONField(
        _("limits"),
        default=dict,
        blank=True,
        help_text=_("Brakes that differ from their defaults: kind of change to a list of count, percent and ceiling."),
    )
    schedule = models.JSONField(
        _("schedule"), default=dict, blank=True, help_text=_("When to synchronise without being asked.")
    )

    class Meta:
        ordering = ("rank", "name")
        verbose_name = _("server")
        verbose_name_plural = _("servers")

    def __str__(self) -> str:
        return self.name


class DirectoryServer(BoundSecret, Endpoint):
    """A directory: one naming context, served by one or several machines.

    `being_added`: somebody gave address and account, and has not confirmed yet what was
    found there. Such a server is switched off.
    """

    secret_field = "bind_password"  # noqa: S105 - the name of a column

    kind = models.CharField(
        _("kind"),
        max_length=20,
        choices=Kind,
        default=Kind.AUTO,
        help_text=_("Which directory this is. The program finds out by itself."),
    )
    uris = models.JSONField(
        _("addresses"),
        default=list,
        help_text=_("Addresses such as ldaps://dc1.corp.example, tried in this order."),
    )
    security = models.CharField(
        _("security"),
        max_length=10,
        choices=Security,
        default=Security.LDAPS,
        help_text=_("How the connection is protected. Without protection the password can be read on the way."),
    )
    ca_certificate = models.CharField(
        _("CA certificate"),
        max_length=500,
        blank=True,
        help_text=_("File with the certificates that are trusted here; empty means those of the system."),
    )
    bind_dn = models.CharField(
        _("account"),
        max_length=500,
        blank=True,
        help_text=_(
            "Account to log in with. Active Directory takes user@domain, DOMAIN\\user or a DN; every other directory a "
            "DN, such as uid=sync,ou=system,dc=corp,dc=example (FreeIPA: uid=sync,cn=sysaccounts,cn=etc,dc=…). Empty "
            "means anonymously."
        ),
    )
    bind_password = EncryptedTextField(_("password"), blank=True, default=Secret, editable=False)
    bind_password_scope = models.TextField(blank=True, default="", editable=False)
    base_dn = models.CharField(
        _("base DN"),
        max_length=500,
        blank=True,
        help_text=_("Where the directory begins, such as DC=corp,DC=example. Empty: as the server says itself."),
    )
    search_bases = models.JSONField(
        _("search bases"),
        default=list,
        blank=True,
        help_text=_("Branches below the base DN that are read; none means everything below the base DN."),
    )
    department_attribute = models.CharField(
        _("department attribute"),
        max_length=100,
        blank=True,
        help_text=_("Attribute whose value must be one of the departments below, such as department."),
    )
    departments = models.JSONField(
        _("departments"),
        default=list,
        blank=True,
        help_text=_("Departments that are read; none means all of them."),
    )
    user_filter = models.TextField(
        _("custom filter"),
        blank=True,
        help_text=_("LDAP filter that people must pass as well, such as (!(employeeType=robot))."),
    )
    anchor_attribute = models.CharField(
        _("id attribute"),
        max_length=100,
        blank=True,
        help_text=_(
            "Only for another LDAPv3 server: the attribute that tells people apart for good, such as employeeNumber. "
            "Everybody has exactly one value of it, and nobody ever gets another. Empty means entryUUID."
        ),
    )
    disabled_attribute = models.CharField(
        _("disabled by attribute"),
        max_length=100,
        blank=True,
        help_text=_(
            "Whoever has the value below in this attribute counts as disabled, such as employeeType; besides those "
            "whom the directory itself has switched off."
        ),
    )
    disabled_value = models.CharField(
        _("value of the disabled"),
        max_length=255,
        blank=True,
        help_text=_("The whole value that means disabled, such as former; capitals do not matter."),
    )
    being_added = models.BooleanField(default=False, editable=False)
    create = models.CharField(
        _("create employees"),
        max_length=20,
        choices=CreateRule,
        default=CreateRule.ALL,
        help_text=_("Which people of the directory become employees when nobody here matches them."),
    )
    taken_number = models.CharField(
        _("number of a leaver"),
        max_length=10,
        choices=TakenNumber,
        default=TakenNumber.WAIT,
        help_text=_("What a newcomer gets whose number still belongs to somebody who has left."),
    )

    class Meta:
        verbose_name = _("directory server")
        verbose_name_plural = _("directory servers")
        # Beside the usual ones; what each of them lets one do stands in syncapp/views/access.py.
        permissions = (
            ("query_directoryserver", "Can query and preview directory server"),
            ("synchronise_directoryserver", "Can synchronise directory server"),
            ("override_directoryserver", "Can override brakes of directory server"),
        )

    def address_scope(self) -> str:
        """Account, security and hosts: the password is for these alone."""
        return "\n".join([self.security, self.bind_dn, *sorted(uri.strip().lower().rstrip("/") for uri in self.uris)])

    def secret_refusal(self) -> ConfigurationError:
        return ConfigurationError("password_for_another_address", server=self.name)
