"""Vectors of equal length; NumPy only."""

import numpy as np

from nightrec.histories import Floats


def unit(rows: Floats) -> Floats:
    """Bring rows `(n, D)` to unit length; zeros stay zeros."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Floats = np.divide(rows, length, out=np.zeros_like(rows), where=length > 1e-9)
    return scaled
