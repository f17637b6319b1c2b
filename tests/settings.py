"""Settings of the tests: quick password hashes, tasks carried out at once, no network."""

import os
from pathlib import Path
from tempfile import gettempdir

if "REDIS_URL" in os.environ:  # each process of the tests has a database of its own in the one Redis
    number = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    os.environ["REDIS_URL"] = f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{number}"
os.environ.setdefault("DEVELOPMENT_KEYS", str(Path(gettempdir()) / f"ldapsync-test-keys-{os.getuid()}"))

from ldapsync_project.settings import *  # noqa: F403
from ldapsync_project.settings import DATABASES, MIDDLEWARE, Q_CLUSTER

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# It warns of static files that nobody has collected; no test asks for one.
MIDDLEWARE = [name for name in MIDDLEWARE if not name.startswith("whitenoise.")]
Q_CLUSTER = {**Q_CLUSTER, "sync": True}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file: in memory neither WAL nor locks are tested.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(gettempdir()) / f"ldapsync-test-{os.getpid()}.sqlite3")}
