"""What users will do next: goals, return, interests and what they think of what they have."""
