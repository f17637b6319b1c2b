"""Settings, from the environment or a file `.env`; `.env.example` lists them all.

Without any environment this is a development installation: DEBUG on, SQLite in
`db.sqlite3`, keys made on first start.
"""

from datetime import timedelta
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

from ldapsync_project.development_keys import development_keys

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(BASE_DIR / ".env")

DEBUG = env.bool("DEBUG", default=True)

if DEBUG:
    _keys = development_keys(Path(env.str("DEVELOPMENT_KEYS", default=str(BASE_DIR / ".development-keys"))))
else:
    _keys = {}


def _key(name: str) -> str:
    value: str = env.str(name, default=_keys.get(name, ""))
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. With DEBUG off both SECRET_KEY and ENCRYPTION_KEYS must be given; "
            "README, section Settings, says how to make them."
        )
    return value


SECRET_KEY = _key("SECRET_KEY")
# Fernet keys, comma-separated: the first encrypts, all of them decrypt.
ENCRYPTION_KEYS = [key.strip() for key in _key("ENCRYPTION_KEYS").split(",") if key.strip()]

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_q",
    "syncapp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "ldapsync_project.urls"
WSGI_APPLICATION = "ldapsync_project.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # The web process and the worker share the file: readers must not wait for
    # writers (WAL), and a transaction that will write takes its lock at once
    # (IMMEDIATE) instead of failing half-way.
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16384;",
        }
    )
DATABASES["default"]["ATOMIC_REQUESTS"] = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Queue and cache of several machines; without it both are those of one.
REDIS_URL = env.str("REDIS_URL", default="")
# A folder and not memory: the web process must see what the worker says of itself.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": env.str("CACHE_DIR", default=str(BASE_DIR / "var" / "cache")),
    }
}

# From this hour on (local time) the first run of the day reads everybody, later ones what has changed.
FULL_READ_HOUR = env.int("FULL_READ_HOUR", default=3)
if FULL_READ_HOUR not in range(24):
    raise ImproperlyConfigured("FULL_READ_HOUR must be an hour from 0 to 23.")
RUN_DEADLINE = timedelta(hours=5)  # a run ends itself, well before django-q2's SIGALRM would
# A run that gave no sign of life for so long is taken for dead. Nothing that a run waits
# for takes longer than a minute, and after two minutes another one shall be possible.
CLAIM_EXPIRES_AFTER = timedelta(seconds=110)
# A queued run that no worker took for so long, though one was free, is queued again.
QUEUED_AGAIN_AFTER = timedelta(minutes=2)
WORKER_LOOKS_EVERY = timedelta(seconds=5)  # after killed workers, lost runs and changed schedules
WORKER_ENDS_WITHIN = timedelta(seconds=90)  # once it was told to; then it is killed
_WORKERS = env.int("WORKERS", default=2)
Q_CLUSTER = {
    "name": "syncapp",
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}),
    "workers": _WORKERS,
    "timeout": 6 * 3600,
    "retry": 6 * 3600 + 600,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "queue_limit": _WORKERS,
    "recycle": 100,
    "save_limit": 1000,
    "label": "django-q2",
}

# House-keeping: how long things are kept, in days. None: for ever.
KEEP_PREVIEWS_DAYS = env.int("KEEP_PREVIEWS_DAYS", default=30)
KEEP_RUNS_DAYS = env.int("KEEP_RUNS_DAYS", default=90)
KEEP_TASKS_DAYS = env.int("KEEP_TASKS_DAYS", default=30)
KEEP_AUDIT_DAYS = env.int("KEEP_AUDIT_DAYS", default=None)

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en")
LANGUAGES = [("en", "English"), ("ru", "Русский")]
# Our catalogue also has the texts of templates/ and those that we say differently from others.
LOCALE_PATHS = [BASE_DIR / "syncapp" / "locale"]
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
# Photos of employees. Never served as plain files: a view behind the log-in shows them.
PHOTO_DIR = Path(env.str("PHOTO_DIR", default=str(BASE_DIR / "var" / "photos")))
STATIC_ROOT = BASE_DIR / "staticfiles"

# Messages about how servers stand: through which mail server, from whom, and where their links lead.
_mail_server = env.str("EMAIL_URL", default="")
MAIL_IS_SET_UP = bool(_mail_server)
vars().update(env.email_url_config(_mail_server or "dummymail://"))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="ldapsync@localhost")
PUBLIC_URL = env.str("PUBLIC_URL", default="").rstrip("/")

# Who may read /metrics and the reasons of /readyz: whoever has the token, and callers from these networks.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
METRICS_ALLOWED = env.list("METRICS_ALLOWED", default=["127.0.0.0/8", "::1"])
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)

if not DEBUG:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("HTTPS_ONLY", default=True)
    SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE
    SECURE_HSTS_SECONDS = 3600 if SESSION_COOKIE_SECURE else 0
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
    # Asked by programs on the same machine, past the proxy.
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]

LOG_FORMAT = env.str("LOG_FORMAT", default="line")
if LOG_FORMAT not in ("line", "json"):
    raise ImproperlyConfigured(f"LOG_FORMAT is {LOG_FORMAT!r}; it is line or json.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"run": {"()": "syncapp.logs.RunFilter"}},
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name}{of_run} {message}", "style": "{"},
        "json": {"()": "syncapp.logs.JsonFormatter"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["run"]}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="WARNING")},
    # Django gives it handlers of its own, which would say everything a second time and in another form.
    "loggers": {"django": {"handlers": [], "level": "NOTSET"}},
}

# The library leaves formulas in exported cells as they are; ours are texts anyway (syncapp.resources).
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True

LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"  # the theme's log-in page names no address to go on to

UNFOLD = {
    "SITE_TITLE": _("Directory synchronisation"),
    "SITE_HEADER": _("Directory sync"),
    "SITE_SUBHEADER": _("Directory and phone system"),
    "SITE_URL": None,
    "SITE_SYMBOL": "sync_alt",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("syncapp/favicon.svg")},
    ],
    "SHOW_LANGUAGES": True,
    "SHOW_BACK_BUTTON": True,
    "COLORS": {
        # A calm blue in place of the theme's purple.
        "primary": {
            "50": "oklch(97% .014 254.604)",
            "100": "oklch(93.2% .032 255.585)",
            "200": "oklch(88.2% .059 254.128)",
            "300": "oklch(80.9% .105 251.813)",
            "400": "oklch(70.7% .165 254.624)",
            "500": "oklch(62.3% .214 259.815)",
            "600": "oklch(54.6% .245 262.881)",
            "700": "oklch(48.8% .243 264.376)",
            "800": "oklch(42.4% .199 265.638)",
            "900": "oklch(37.9% .146 265.522)",
            "950": "oklch(28.2% .091 267.935)",
        },
    },
    "STYLES": [lambda request: static("syncapp/admin.css")],
    "DASHBOARD_CALLBACK": "syncapp.admin.home.home",
    "SIDEBAR": {"navigation": "syncapp.admin.navigation.sidebar"},
}
