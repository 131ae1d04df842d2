"""Join the sources: candidates, features with plain names, and the model that orders them."""
