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


def secret(name: str, *, optional: bool = False, remedy: str = "boot makes it") -> str:
    """Return a secret from its variable or its file, or stop with a sentence.

    An optional one is empty where nobody has put it anywhere.
    """
    given = os.environ.get(f"IMAGETROVE_{name}")
    if given:
        return given
    named = env(f"IMAGETROVE_{name}_FILE", "")
    path = Path(named or f"{DATA}/secrets/{name.lower()}")
    if optional and not named and not path.exists():
        return ""
    try:
        return path.read_text().strip()
    except OSError as error:
        raise SystemExit(
            f"the secret {name} cannot be read from {path} ({error.strerror}); "
            f"{remedy}, or name its file in IMAGETROVE_{name}_FILE"
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
# Who is new may make an account by themselves; otherwise an invitation makes it.
SELF_REGISTRATION = env_bool("IMAGETROVE_SELF_REGISTRATION", default=False)
# The Australian Access Federation: the log-in link it gave (empty: off), this service's
# address as it is registered there, to the letter, and which federation it is.
AAF_URL = env("IMAGETROVE_AAF_URL", "")
AAF_AUDIENCE = env("IMAGETROVE_AAF_AUDIENCE", f"{URL}/rc/")
AAF_ISSUER = env("IMAGETROVE_AAF_ISSUER", "https://rapid.aaf.edu.au")
# Only for a trial without data: somebody else may play the federation.
AAF_STAND_IN = env_bool("IMAGETROVE_AAF_STAND_IN", default=False)
# Who comes by the federation for the first time gets an account, also uninvited.
AAF_NEWCOMERS = env_bool("IMAGETROVE_AAF_NEWCOMERS", default=True)
# Administrators must add an authenticator app or a passkey before they go on.
ADMINISTRATORS_NEED_SECOND_FACTOR = env_bool(
    "IMAGETROVE_ADMINISTRATORS_NEED_SECOND_FACTOR", default=False
)
# How long an invitation holds.
INVITATION_DAYS = env_int("IMAGETROVE_INVITATION_DAYS", 14)
# How many days the trail of who did what is kept; 0 keeps it for ever.
AUDIT_DAYS = env_int("IMAGETROVE_AUDIT_DAYS", 0)
# The mail server; empty: no mail is sent. Whom mails are from: an address, or
# "Name <address>".
MAIL_HOST = env("IMAGETROVE_MAIL_HOST", "")
MAIL_FROM = env(
    "IMAGETROVE_MAIL_FROM", f"imagetrove@{urlsplit(URL).hostname or 'localhost'}"
)
# How the way there is kept secret, and the usual port of each.
MAIL_SECURITY = env("IMAGETROVE_MAIL_SECURITY", "starttls").lower()
MAIL_PORTS = {"none": 25, "starttls": 587, "tls": 465}
if MAIL_SECURITY not in MAIL_PORTS:
    raise SystemExit("IMAGETROVE_MAIL_SECURITY must be none, starttls or tls")
MAIL_PORT = env_int("IMAGETROVE_MAIL_PORT", MAIL_PORTS[MAIL_SECURITY])
MAIL_USER = env("IMAGETROVE_MAIL_USER", "")
# How many seconds the server may take over each answer.
MAIL_TIMEOUT = max(1, env_int("IMAGETROVE_MAIL_TIMEOUT", 10))
# Where things are; fixed in the container, elsewhere in the tests.
DATA = env("IMAGETROVE_DATA", "/data")
STORE = Path(env("IMAGETROVE_STORE", "/mytardis_store"))
STAGING = Path(env("IMAGETROVE_STAGING", "/mytardis_staging"))
RUN = Path(env("IMAGETROVE_RUN", "/run/imagetrove"))
RULES = Path(env("IMAGETROVE_RULES", "/data/instruments.toml"))
OIDC = Path(env("IMAGETROVE_OIDC", f"{DATA}/oidc.toml"))
DATABASE_HOST = env("IMAGETROVE_DATABASE_HOST", "/run/postgresql")
DATABASE_NAME = env("IMAGETROVE_DATABASE_NAME", "imagetrove")
DATABASE_USER = env("IMAGETROVE_DATABASE_USER", "imagetrove")
ORTHANC_URL = env("IMAGETROVE_ORTHANC_URL", "http://127.0.0.1:8042")
VALKEY_SOCKET = env("IMAGETROVE_VALKEY_SOCKET", "/run/valkey/valkey.sock")
SECRET_KEY = secret("SECRET_KEY")
INGEST_API_KEY = secret("INGEST_API_KEY")
AAF_SECRET = secret("AAF_SECRET", remedy="put it there") if AAF_URL else ""
MAIL_PASSWORD = secret("MAIL_PASSWORD", optional=True)
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
    "portal.notices",
    "portal.sharing",
    "portal.store",
    "portal.catalogue",
    "portal.accounts",
    "portal.audit",
    "portal.jobs",
    "rest_framework",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "django_auth_aaf",
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
    "csp.middleware.CSPMiddleware",
    "portal.web.middleware.PrivateMiddleware",
    "portal.web.middleware.TooBusyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.web.middleware.AddressMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portal.web.second_factor.SecondFactorMiddleware",
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
AAF_PERSON_FOR = "portal.accounts.sign_in.person_for_aaf"
AAF_BEGIN_SESSION = "portal.web.account_adapter.begin_session"
AUTHENTICATION_BACKENDS = ["portal.accounts.backend.Backend"]
ACCOUNT_ADAPTER = "portal.web.account_adapter.AccountAdapter"
ACCOUNT_FORMS = {"login": "portal.web.sign_in_form.SignInForm"}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_USER_DISPLAY = "portal.accounts.models.name_of"
# Wrong passwords are counted by the adapter; what fails here are wrong codes of a
# second factor, by person. By address alone limits are wide: a hospital has one.
ACCOUNT_RATE_LIMITS = {
    "login": "300/m/ip",
    "login_failed": "5/5m/key",
    "reset_password": "300/m/ip,5/m/key",
}
MFA_RATE_LIMITS = {"webauthn_login": "300/m/ip"}
SOCIALACCOUNT_ADAPTER = "portal.web.provider_adapter.ProviderAdapter"
SOCIALACCOUNT_REQUESTS_TIMEOUT = 15
MFA_ADAPTER = "portal.web.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = urlsplit(URL).hostname == "localhost"
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
# nginx sends http on to https, and tells browsers to remember it for a year (HSTS);
# other hosts of the domain are not ours to bind.
SILENCED_SYSTEM_CHECKS = [f"security.W{code}" for code in ("004", "005", "008", "021")]
# Who wants to stay signed in says so; allauth keeps such a session for two weeks.
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
# Pages run our scripts only; a QR code and a picture in a style are data of the page.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
# A batch of 500 instances with a long header fits; nginx limits bodies before.
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 2**20

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "portal.api.authentication.ApiKeyAuthentication"
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "portal.api.authentication.WithinItsKey",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "portal.api.errors.answer",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}

CELERY_BROKER_URL = f"redis+socket://{VALKEY_SOCKET}"
CELERY_TASK_IGNORE_RESULT = True
# Health is no app of Django's; the tasks of those that are, are found by themselves.
CELERY_IMPORTS = ["portal.health.tasks"]
CELERY_TASK_ACKS_LATE = False
# One more than works, for the heartbeat.
CELERY_WORKER_CONCURRENCY = WORKERS + 1
CELERY_TIMEZONE = TIME_ZONE
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Publishing must not hold a registration: what is due stands in the database.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 3, "socket_connect_timeout": 1}
CELERY_BEAT_SCHEDULE = {
    "mail": {"task": "send_mail", "schedule": 30.0, "options": {"expires": 30}},
    "news": {"task": "gather_news", "schedule": 60.0, "options": {"expires": 60}},
    "parked": {
        "task": "tell_of_parked_series",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "concerns": {
        "task": "tell_of_concerns",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "trail": {
        "task": "remove_old_trail",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
    "heartbeat": {"task": "heartbeat", "schedule": 5.0, "options": {"expires": 10}},
    "wake": {"task": "wake_what_is_due", "schedule": 10.0, "options": {"expires": 10}},
    # Looks whether the list is due, so that a box that was off need not wait for it.
    "people": {
        "task": "keep_people_in_step",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
}

# What Django and its apps send at once; what we tell people goes by portal.notices.
EMAIL_BACKEND = (
    "portal.notices.server.Backend"
    if MAIL_HOST
    else "django.core.mail.backends.dummy.EmailBackend"
)
EMAIL_HOST, EMAIL_PORT = MAIL_HOST, MAIL_PORT
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL_USER, MAIL_PASSWORD
EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL_SECURITY == "starttls", MAIL_SECURITY == "tls"
EMAIL_TIMEOUT = MAIL_TIMEOUT
DEFAULT_FROM_EMAIL = SERVER_EMAIL = MAIL_FROM

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "filters": {"mailed words": {"()": "portal.web.logs.WithoutMailedWords"}},
    "handlers": {
        "stdout": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["mailed words"],
        },
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
