"""What people write, made fit to keep: free of markup, of personal data, and with its language."""
