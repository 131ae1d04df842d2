"""Tell the language of a text."""

import re
from collections.abc import Sequence
from functools import cache, lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from nightrec.cleaning.masking import MASKS

MIN_PROBABILITY = 0.5
READ_CHARS = 120
"""More text makes no surer."""
MASK = re.compile("|".join(MASKS))
NOT_WORDS = re.compile(r"[\W\d_]+")


def language_of(text: str, languages: Sequence[str]) -> str | None:
    """Return the ISO 639-1 code of a text's language, None where it has no letters or no language is likely.

    Source: Lui and Baldwin 2012, "langid.py", with the model that comes with `py3langid`.

    Args:
        text: A cleaned text.
        languages: Codes to choose from; none give None. The fewer, the surer: a search of two words says little.

    Raises:
        ValueError: If a code is unknown.
    """
    words = NOT_WORDS.sub(" ", MASK.sub("", text[:READ_CHARS])).strip()
    if not words or not languages:
        return None
    code, probability = _identifier(tuple(languages)).classify(words)
    return str(code) if probability > MIN_PROBABILITY else None


@cache
def known_languages() -> frozenset[str]:
    """Return the codes that `language_of` can choose from."""
    return frozenset(_load().labels)


@lru_cache(maxsize=1)
def _identifier(languages: tuple[str, ...]) -> LanguageIdentifier:
    found = _load()
    found.set_languages(languages)
    return found


def _load() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
