"""The settings of an ImageTrove site.

The first part is the site's to decide: set the variable for the container, or edit the
line and rebuild. The second part is machinery. `docs/reference/settings.md` has a row
for every name read here.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit


def env(name: str, default: str) -> str:
    """Return the variable `name`, or `default` where it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def env_list(name: str) -> list[str]:
    """Return the comma-separated words of the variable `name`."""
    return [word.strip() for word in env(name, "").split(",") if word.strip()]


def env_int(name: str, default: int) -> int:
    """Return the variable `name` as a whole number, or stop with a sentence."""
    text = env(name, str(default))
    if not text.isdecimal():
        raise SystemExit(f"{name} must be a whole number, not {text!r}")
    return int(text)


def env_bool(name: str, *, default: bool) -> bool:
    """Return the variable `name` as on or off, or stop with a sentence."""
    text = env(name, "on" if default else "off").lower()
    if text not in ("on", "off", "1", "0", "true", "false"):
        raise SystemExit(f"{name} must be on or off, not {text!r}")
    return text in ("on", "1", "true")


def secret(name: str) -> str:
    """Return a secret from its variable or its file, or stop with a sentence."""
    given = os.environ.get(f"IMAGETROVE_{name}")
    if given:
        return given
    path = Path(env(f"IMAGETROVE_{name}_FILE", f"{DATA}/secrets/{name.lower()}"))
    try:
        return path.read_text().strip()
    except OSError as error:
        raise SystemExit(
            f"the secret {name} cannot be read from {path} ({error.strerror}); "
            f"boot makes it, or name its file in IMAGETROVE_{name}_FILE"
        ) from None


# ── The site ────────────────────────────────────────────────────────────────────────

# The address that people type; mail, receipts and sign-in links carry it.
URL = env("IMAGETROVE_URL", "http://localhost:8000")
# Further host names under which the portal may be asked.
HOSTS = env_list("IMAGETROVE_HOSTS")
# The name of the facility, as the front page says it.
SITE_NAME = env("IMAGETROVE_SITE_NAME", "ImageTrove")
INSTITUTION = env("IMAGETROVE_INSTITUTION", "")
TIME_ZONE = env("IMAGETROVE_TIME_ZONE", "Australia/Brisbane")
# Seconds that a series must rest to be complete.
STABLE_AGE_SECONDS = env_int("IMAGETROVE_STABLE_AGE", 10)
# How many proxies stand in front, each adding to X-Forwarded-For; nginx is the first.
PROXIES = env_int("IMAGETROVE_PROXIES", 1)
# How many pieces of background work are done at once.
WORKERS = env_int("IMAGETROVE_WORKERS", 2)
# One picture may take this long and this much memory before it is given up.
THUMBNAIL_SECONDS = env_int("IMAGETROVE_THUMBNAIL_SECONDS", 60)
THUMBNAIL_MEGABYTES = env_int("IMAGETROVE_THUMBNAIL_MEGABYTES", 2048)
# The booking system's list of who is in which project: an http(s) address or a path, in
# the data folder if it is not absolute. Empty: no list is taken up by itself.
ACCESS_SYNC = env("IMAGETROVE_ACCESS_SYNC", "")
ACCESS_SYNC_MINUTES = env_int("IMAGETROVE_ACCESS_SYNC_MINUTES", 15)
# Project numbers of fewer digits in the list get zeros in front; 0 leaves them alone.
ACCESS_SYNC_DIGITS = env_int("IMAGETROVE_ACCESS_SYNC_DIGITS", 0)
# A file with the one header that the address wants, such as "Authorization: Bearer …".
ACCESS_SYNC_HEADER_FILE = env("IMAGETROVE_ACCESS_SYNC_HEADER_FILE", "")
# Where things are; fixed in the container, elsewhere in the tests.
DATA = env("IMAGETROVE_DATA", "/data")
STORE = Path(env("IMAGETROVE_STORE", "/mytardis_store"))
STAGING = Path(env("IMAGETROVE_STAGING", "/mytardis_staging"))
RUN = Path(env("IMAGETROVE_RUN", "/run/imagetrove"))
RULES = Path(env("IMAGETROVE_RULES", "/data/instruments.toml"))
DATABASE_HOST = env("IMAGETROVE_DATABASE_HOST", "/run/postgresql")
DATABASE_NAME = env("IMAGETROVE_DATABASE_NAME", "imagetrove")
DATABASE_USER = env("IMAGETROVE_DATABASE_USER", "imagetrove")
ORTHANC_URL = env("IMAGETROVE_ORTHANC_URL", "http://127.0.0.1:8042")
VALKEY_SOCKET = env("IMAGETROVE_VALKEY_SOCKET", "/run/valkey/valkey.sock")
SECRET_KEY = secret("SECRET_KEY")
INGEST_API_KEY = secret("INGEST_API_KEY")
# Only for developers: pages that show tracebacks.
DEBUG = env_bool("IMAGETROVE_DEBUG", default=False)

# ── The machinery ───────────────────────────────────────────────────────────────────

BASE = Path(__file__).resolve().parent
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
ALLOWED_HOSTS = [
    urlsplit(URL).hostname or "localhost",
    "localhost",
    "127.0.0.1",
    "[::1]",
    *HOSTS,
]
CSRF_TRUSTED_ORIGINS = ["{0.scheme}://{0.netloc}".format(urlsplit(URL))]

INSTALLED_APPS = [
    # Ours, in the order of the house's floors.
    "portal.web",
    "portal.api",
    "portal.curation",
    "portal.derivatives",
    "portal.enrolment",
    "portal.registration",
    "portal.sharing",
    "portal.store",
    "portal.catalogue",
    "portal.accounts",
    "portal.audit",
    "portal.jobs",
    "rest_framework",
    "django_htmx",
    "portal.web.apps.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "portal.web.middleware.TooBusyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.web.middleware.AddressMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.web.context.site",
            ]
        },
    }
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": DATABASE_HOST,
        "NAME": DATABASE_NAME,
        "USER": DATABASE_USER,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 3},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": f"unix://{VALKEY_SOCKET}?db=1",
        "OPTIONS": {"socket_timeout": 3, "socket_connect_timeout": 1},
    }
}

AUTH_USER_MODEL = "accounts.User"
CSRF_FAILURE_VIEW = "portal.web.views.errors.forged"
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/mydata"
LOGOUT_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

USE_TZ = True
USE_THOUSAND_SEPARATOR = True
LANGUAGE_CODE = "en-au"
STATIC_URL = "/static/"
STATIC_ROOT = BASE / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    },
}

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = URL.startswith("https:")
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
# A batch of 500 instances with a long header fits; nginx limits bodies before.
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 2**20

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "portal.api.errors.answer",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

CELERY_BROKER_URL = f"redis+socket://{VALKEY_SOCKET}"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
# One more than works, for the heartbeat.
CELERY_WORKER_CONCURRENCY = WORKERS + 1
CELERY_TIMEZONE = TIME_ZONE
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Publishing must not hold a registration: what is due stands in the database.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 3, "socket_connect_timeout": 1}
CELERY_BEAT_SCHEDULE = {
    "heartbeat": {"task": "heartbeat", "schedule": 5.0, "options": {"expires": 10}},
    "wake": {"task": "wake_what_is_due", "schedule": 10.0, "options": {"expires": 10}},
    # Looks whether the list is due, so that a box that was off need not wait for it.
    "people": {
        "task": "keep_people_in_step",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {
        "stdout": {"class": "logging.StreamHandler", "formatter": "line"},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["stdout"], "level": "INFO"},
    "loggers": {
        "django.server": {"handlers": ["stdout"], "propagate": False},
        # Whoever scans the network asks by wrong names; each has its 400 in nginx.log.
        "django.security.DisallowedHost": {
            "handlers": ["nowhere"],
            "propagate": False,
        },
        # Every heartbeat is a task; what the tasks did, they say themselves.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
