"""Lists of this project's own jobs beside those of tuned peers, on the same splits of public data."""
