"""Commands of django_auth_aaf."""
