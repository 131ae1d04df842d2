"""A shop whose truth is known: users choose by planted weights and write about it, and answer the lists they see."""
