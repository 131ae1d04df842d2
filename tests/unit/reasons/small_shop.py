"""A shop of seven items and what the sources know of it, small enough to work out every reason by hand."""

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from nightrec.ranker.sources import ItemSide
from nightrec.reasons.catalogue import Catalogue
from nightrec.reasons.choose import Knowledge
from nightrec.reasons.evidence import EVIDENCE, OWN_TEXTS, Own, ReasonsPlan
from nightrec.reasons.grounds import FAMILIES
from nightrec.reasons.sentences import read_messages
from nightrec.reasons.write import block_reasons
from nightrec.vocabulary import vocabulary_of

TRAIN, BLOCKS, DRUM, KITE, ROBOT, UNTITLED, HUOCHE = range(7)
IDS = ["train", "blocks", "drum", "kite", "robot", "untitled", "huoche"]
TITLES = ["Wooden train", "Building blocks", "Drum", "Kite", "Robot", None, "木制火车"]
CATEGORIES = ["Toys|Wood", "Toys", "Music", None, None, None, "木制玩具"]
AGES = [900, 900, 900, 900, 3, 900, 900]
N_USERS = [[9, 0], [9, 0], [9, 0], [9, 4], [0, 0], [1, 1], [9, 0]]
"""Ever, and in the last seven days; fewer than three are not spoken of."""


def knowledge(language="auto", titles=TITLES, n_users=N_USERS, neighbours=None, aspects=None):
    texts = {"title": titles, "categories": CATEGORIES, "tags": [None] * 7, "description": [None] * 7}
    columns = {name: pa.chunked_array([pa.array(values, pa.string())]) for name, values in texts.items()}
    plan = ReasonsPlan("i", "x", "a", 0, read_messages("auto"), language, (7,), np.array(n_users), 3)
    return Knowledge(item_side(neighbours), Catalogue(pa.array(IDS), columns, np.array(AGES), aspects), plan)


def item_side(neighbours=None):
    """Each item stands alone in every space, but near(x, x + 1) in `collaborative` and `text`."""
    own = np.eye(7, dtype=np.float32)
    chain = (own + 0.5 * np.eye(7, k=1, dtype=np.float32)).astype(np.float32)
    follows = np.zeros((7, 7), np.float32) if neighbours is None else neighbours
    sequence = np.hstack([own, np.ones((7, 1), np.float32)])
    vectors = {"collaborative": chain, "sequence": sequence, "projection": own}
    zeros = np.zeros((7, 2), np.float32)
    return ItemSide(
        vectors, chain, chain, sp.csr_matrix(chain), vocabulary_of([]), sp.csr_matrix(follows), zeros, zeros
    )


def batch(*users):
    """Return users as `(history oldest first, texts newest first)`; texts are of reviews or `(kind, text)`."""
    histories = [list(user[0]) for user in users]
    texts = [[Own(*("wrote", own) if isinstance(own, str) else own)._asdict() for own in user[1]] for user in users]
    weights = [[1.0] * len(history) for history in histories]
    kinds = [pa.list_(pa.int32()), pa.list_(pa.float64()), OWN_TEXTS]
    columns = [pa.array(values, kind) for values, kind in zip((histories, weights, texts), kinds, strict=True)]
    return pa.record_batch(columns, names=["items", "weights", "texts"])


def shares(*families):
    """Return the contributions of a row: the families named, the first one most, and nothing else."""
    return [float(len(families) - families.index(f)) if f in families else -1.0 for f in FAMILIES]


def told(user, item, families, known=None, propensity=1.0):
    """Return the sentence, without marks of isolation, and the evidence of a list of one item."""
    rows = np.array([[item]]), np.array([[propensity]]), np.array([[shares(*families)]], np.float32)
    reason, evidence = block_reasons(batch(user), *rows, known or knowledge())
    assert evidence.type == EVIDENCE
    (found,) = evidence.to_pylist()
    (sentence,) = reason.to_pylist()
    assert found.pop("language") in {"en", "zh"}
    return sentence.translate({0x2068: None, 0x2069: None}), {k: v for k, v in found.items() if v is not None}
