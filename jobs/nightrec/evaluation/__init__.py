"""Yesterday's lists against today's events."""
