"""From staged lists to the ones a shop reads."""
