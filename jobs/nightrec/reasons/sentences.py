"""Sentences by language, from the message files in `conf/reasons/`, one a language; Project Fluent."""

from collections.abc import Mapping
from functools import lru_cache

from fluent.runtime import FluentBundle, FluentResource

from nightrec.errors import ConfigError
from nightrec.places import resource
from nightrec.reasons.evidence import BY_REVIEWERS, KINDS, MESSAGES, NAMED, QUOTING, Evidence
from nightrec.reasons.words import SEEN

AUTO = "auto"


def read_messages(language: str) -> dict[str, str]:
    """Return the source of every message file by language.

    Args:
        language: The setting `reasons.language`: `auto`, or a language that must have a file.

    Raises:
        ConfigError: If the language has no file, or a file lacks a sentence of a kind of evidence.
    """
    folder = resource("conf") / "reasons"
    found = {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.ftl"))}
    if language != AUTO and language not in found:
        raise ConfigError(
            f"no conf/reasons/{language}.ftl for reasons.language {language!r}; known: {', '.join([AUTO, *found])}"
        )
    for name, source in found.items():
        lacking = [message for message in MESSAGES if not _bundle(name, source).has_message(message)]
        if lacking:
            raise ConfigError(f"conf/reasons/{name}.ftl has no readable message for: {', '.join(lacking)}")
    return found


def tell(evidence: Evidence, title: str | None, messages: Mapping[str, str]) -> str | None:
    """Return the sentence for some evidence.

    Every value that is put in stands between Unicode's marks of isolation, so that a title in a script of the other
    direction turns nothing around it.

    Args:
        evidence: The evidence.
        title: Of the item of the history that it names, shortened; None where it names none, empty where it has none.
        messages: Fluent source by language.

    Returns:
        None where there is no such sentence, or the evidence lacks something that it says.
    """
    source = messages.get(evidence.language)
    if source is None or evidence.kind not in KINDS:
        return None
    return _sentence(evidence, title, source)


# The same titles and counts come up in many lists.
@lru_cache(maxsize=1 << 14)
def _sentence(evidence: Evidence, title: str | None, source: str) -> str | None:
    bundle = _bundle(evidence.language, source)
    pattern = bundle.get_message(_message(evidence, title)).value
    values = {name: value for name, value in {**evidence._asdict(), "title": title}.items() if value is not None}
    if pattern is None:
        return None
    told, errors = bundle.format_pattern(pattern, values)
    return None if errors else str(told)


def _message(evidence: Evidence, title: str | None) -> str:
    if evidence.kind == "reviewed" and title is not None and SEEN.search(title):
        return evidence.kind + NAMED
    return evidence.kind + BY_REVIEWERS if evidence.kind in QUOTING and evidence.n_users is not None else evidence.kind


@lru_cache(maxsize=64)
def _bundle(language: str, source: str) -> FluentBundle:
    bundle = FluentBundle([language])
    bundle.add_resource(FluentResource(source))
    return bundle
