"""What people would use instead: tuned on the validation part, read from split files, written as lists.

Run in an environment of its own, `.venv-benchmark`; imports nothing of the project that needs more than NumPy, SciPy,
Arrow or torch.
"""
