"""A transformer over each user's recent items; item vectors are a learned id vector plus the projected text vector."""
