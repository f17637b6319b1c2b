"""Settings of an installation whose worker the tests kill and stop: the same rules, at a pace that a test can wait for."""

import os
from datetime import timedelta

from ldapsync_project.settings import *  # noqa: F403
from ldapsync_project.settings import DATABASES

CLAIM_EXPIRES_AFTER = timedelta(seconds=10)
QUEUED_AGAIN_AFTER = timedelta(seconds=int(os.environ["QUEUED_AGAIN_AFTER"]))
WORKER_LOOKS_EVERY = timedelta(seconds=0.5)
WORKER_ENDS_WITHIN = timedelta(seconds=30)
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"]["timeout"] = 5
