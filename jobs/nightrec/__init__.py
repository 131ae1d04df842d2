"""Nightrec: tonight's top-N lists from a shop's logs and texts."""
