"""The smallest site that has django_auth_aaf, for tests apart from any project.

PostgreSQL where PGHOST names one (libpq reads the rest), else SQLite, which cannot show
what happens in parallel.
"""

import os

SECRET_KEY = "the tests'"
INSTALLED_APPS = [
    "django_auth_aaf",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
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
            ]
        },
    }
]
POSTGRESQL = bool(os.environ.get("PGHOST"))
DATABASES = {
    "default": {
        "ENGINE": f"django.db.backends.{'postgresql' if POSTGRESQL else 'sqlite3'}",
        "NAME": "aaf" if POSTGRESQL else ":memory:",
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "urls_of_the_tests"
LOGIN_REDIRECT_URL = "/home"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
