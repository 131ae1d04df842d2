"""A learned bridge from the texts a user has taken to the texts that come next."""
