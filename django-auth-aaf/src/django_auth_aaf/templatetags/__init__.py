"""Tags of django_auth_aaf."""
