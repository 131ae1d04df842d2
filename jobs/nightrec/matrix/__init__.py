"""From events to the state of the user-item matrix, indexes and texts."""
