"""The page on which a person looks a night up: users, items, searches and what is popular, in one HTML file."""
