"""Foundation: people, their groups and their keys. May import audit and jobs."""
