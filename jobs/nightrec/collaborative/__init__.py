"""Factors of users and items from the matrix."""
