"""The tables of django_auth_aaf."""
