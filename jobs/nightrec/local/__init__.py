"""A whole installation on one machine: servers, sample data, one command."""
