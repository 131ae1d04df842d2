"""From delivered files to typed events, items and rejects."""
