"""What the model is shown and which words it may use: `conf/reasons/<language>.writer.yaml`, one file a language."""

import re
from dataclasses import dataclass

from pydantic import ValidationError

from nightrec.config import read_yaml
from nightrec.errors import ConfigError
from nightrec.model_settings import Section
from nightrec.places import resource
from nightrec.reasons import evidence

ENDING = ".writer.yaml"
KINDS = tuple(kind for kind in evidence.KINDS if kind not in evidence.QUOTING)
"""What may be rewritten. What people wrote goes into no model, and so into no table that later nights use."""
INTO, OUT = "\u2068", "\u2069"
VALUE = re.compile(f"{INTO}([^{OUT}]+){OUT}")
"""A value in a template sentence, between Unicode's marks of isolation."""
Pairs = tuple[tuple[str, str], ...]


class _File(Section):
    instruction: str
    labels: tuple[str, str]
    words: str
    examples: dict[str, Pairs]


@dataclass(frozen=True)
class Guide:
    """How reasons of one language are rewritten.

    Attributes:
        language: ISO 639-1 code.
        instruction: What the model is asked to do.
        labels: What stands before a template sentence, and before the sentence that it becomes.
        words: Words that every sentence may use, in small letters.
        examples: By kind of evidence, template sentences and what becomes of them, with marks of isolation. Other kinds
            are not rewritten.
    """

    language: str
    instruction: str
    labels: tuple[str, str]
    words: frozenset[str]
    examples: dict[str, Pairs]


def plain(sentence: str) -> str:
    """Return a sentence without marks of isolation."""
    return sentence.replace(INTO, "").replace(OUT, "")


def read_guides() -> dict[str, Guide]:
    """Return the guide of every language that has one.

    Raises:
        ConfigError: If a file lacks something or holds something unknown, or examples of what no model may read.
    """
    folder = resource("conf") / "reasons"
    found = {}
    for path in sorted(folder.glob(f"*{ENDING}")):
        try:
            file = _File.model_validate(read_yaml(path))
        except ValidationError as err:
            faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in err.errors())
            raise ConfigError(f"conf/reasons/{path.name}: {faults}") from None
        language = path.name.removesuffix(ENDING)
        examples = {
            kind: tuple((_marked(before), _marked(after)) for before, after in pairs)
            for kind, pairs in file.examples.items()
        }
        if wrong := sorted(set(examples) - set(KINDS)):
            raise ConfigError(
                f"conf/reasons/{path.name}: examples of {', '.join(wrong)}; expected some of {', '.join(KINDS)}"
            )
        words = frozenset(re.split(r"[\s'’]+", file.words.lower().strip()))
        found[language] = Guide(language, file.instruction, file.labels, words, examples)
    return found


def _marked(example: str) -> str:
    """Turn the braces around values, which a person can see, into marks of isolation."""
    return example.replace("{", INTO).replace("}", OUT)
