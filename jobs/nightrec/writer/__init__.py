"""The optional language model that rewrites reasons, and the checks that hold it to the evidence."""
