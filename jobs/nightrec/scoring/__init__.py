"""From vectors to lists."""
