"""How the account to log in with may be written."""

import re
from enum import StrEnum

import ldap.dn

_PRINCIPAL = re.compile(r"[^@\\\s][^@\\]*@[^@\\\s]+")
_DOWN_LEVEL = re.compile(r"[^@\\\s][^@\\]*\\[^@\\]+")


class AccountForm(StrEnum):
    DN = "dn"
    PRINCIPAL = "principal"  # user@domain
    DOWN_LEVEL = "down_level"  # DOMAIN\user
    OTHER = "other"  # a bare log-in name, for example


def form_of(account: str) -> AccountForm:
    if account.strip() and ldap.dn.is_dn(account):
        return AccountForm.DN
    if _PRINCIPAL.fullmatch(account):
        return AccountForm.PRINCIPAL
    return AccountForm.DOWN_LEVEL if _DOWN_LEVEL.fullmatch(account) else AccountForm.OTHER
