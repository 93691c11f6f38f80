"""The Django site: its doors (web, api, cli), services, rooms and foundations."""
