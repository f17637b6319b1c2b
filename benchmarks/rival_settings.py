"""Settings of django-python3-ldap, measured on the same directory with the same database settings."""

import os

from ldapsync_project.settings import DATABASES, SECRET_KEY

__all__ = ["DATABASES", "SECRET_KEY"]

INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django_python3_ldap"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LDAP_AUTH_URL = [os.environ["BENCH_URI"]]
LDAP_AUTH_SEARCH_BASE = os.environ["BENCH_BASE"]
LDAP_AUTH_OBJECT_CLASS = "inetOrgPerson"
LDAP_AUTH_USER_FIELDS = {"username": "uid", "first_name": "givenName", "last_name": "sn", "email": "mail"}
LDAP_AUTH_CONNECTION_USERNAME = os.environ["BENCH_DN"]
LDAP_AUTH_CONNECTION_PASSWORD = os.environ["BENCH_PASSWORD"]


def LDAP_AUTH_FORMAT_USERNAME(fields: dict[str, str]) -> str:
    """The account is given as a DN already."""
    return fields["username"]
