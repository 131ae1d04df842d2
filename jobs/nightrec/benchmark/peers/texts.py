"""Items worded like the user's: TF-IDF, and frozen vectors of a language model; neither learns from choices."""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from nightrec.benchmark.lists import Floats, Ints
from nightrec.benchmark.peers.known import Known, Model, Peer, Settings, Trial, each, row_choices

NGRAMS, POWERS = (1, 2), (0.0, 0.5, 1.0)


def likeness(known: Known, ngrams: int) -> Floats:
    """Return `(n_items, n_items)` cosines of the items' TF-IDF rows, made with scikit-learn.

    Args:
        known: Whose texts.
        ngrams: Longest run of words that counts as a term.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415  # only in the peers' environment

    words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, ngrams), dtype=np.float32).fit_transform(known.texts)
    return np.asarray((words @ words.T).toarray(), dtype=np.float32)


def fit_tfidf(known: Known, settings: Settings) -> Model:
    """Add up, over the weighted history, how alike the words of each item are."""
    return as_model(likeness(known, int(settings["ngrams"])), settings)


def fit_text(known: Known, settings: Settings) -> Model:
    """Take the frozen vectors as they are."""
    return as_model(known.vectors, settings, known.vectors.T)


def as_model(items: Floats, settings: Settings, onto: Floats | None = None) -> Model:
    """Return the model that scores by the weighted sum of the history's rows.

    Args:
        items: `(n_items, D)`.
        settings: With `rows` and `power`.
        onto: `(D, n_items)` what the sum is multiplied with; None where the rows are scores already.
    """

    def score(histories: Known, users: Ints) -> Floats:
        profile = histories.profile(str(settings["rows"]), float(settings["power"]))[users] @ items
        return np.asarray(profile if onto is None else profile @ onto, dtype=np.float32)

    return score


def _tfidf(known: Known) -> Iterator[Trial]:
    for ngrams in NGRAMS:
        alike = likeness(known, ngrams)
        for rows, power in product(row_choices(known), POWERS):
            settings: Settings = {"rows": rows, "ngrams": ngrams, "power": power}
            yield settings, as_model(alike, settings)


def _text(known: Known) -> Sequence[Settings]:
    return [{"rows": rows, "power": power} for rows, power in product(row_choices(known), POWERS)]


_WORDS = f"rows: all or relevant; n-grams up to: {NGRAMS}; power: {POWERS}"
PEERS = {
    "tfidf": Peer(_WORDS, lambda known: iter([_tfidf(known)]), fit_tfidf),
    "text": Peer(f"rows: all or relevant; power: {POWERS}", each(_text, fit_text), fit_text),
}
