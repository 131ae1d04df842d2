"""Write the reference parts of the README from what they describe: the settings model and the table contracts.

python -m nightrec.local.reference     rewrites README.md between its markers; a test checks that nothing is stale
"""

import re
from collections.abc import Callable, Iterator

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from nightrec.config import read_yaml
from nightrec.lake import PRODUCER
from nightrec.places import REPOSITORY, resource
from nightrec.schemas import contract
from nightrec.settings import Config

README = REPOSITORY / "README.md"


def settings_table() -> str:
    """Return every setting with its default in `conf/base.yaml` and its meaning, as Markdown."""
    defaults = read_yaml(resource("conf") / "base.yaml")
    lines = ["| setting | default | meaning |", "|---|---|---|"]
    for name, field, default in _fields(Config, defaults, ""):
        lines.append(f"| `{name}` | `{_shown(default)}` | {' '.join((field.description or '').split())} |")
    return "\n".join(lines)


def tables_table() -> str:
    """Return every table with the job that writes it and what a row is, as Markdown."""
    lines = ["| table | written by | what it holds |", "|---|---|---|"]
    for name, producer in PRODUCER.items():
        lines.append(f"| [`{name}.v1`](schemas/{name}.v1.yaml) | `{producer}` | {contract(name).doc} |")
    return "\n".join(lines)


SECTIONS: dict[str, Callable[[], str]] = {"settings": settings_table, "tables": tables_table}


def renewed(text: str) -> str:
    """Return a README with every marked section made anew."""
    for name, make in SECTIONS.items():
        start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        text = re.sub(rf"(?s){start}.*?{end}", (start + make() + "\n" + end).replace("\\", r"\\"), text)
    return text


def _fields(
    model: type[BaseModel], defaults: dict[str, object], prefix: str
) -> Iterator[tuple[str, FieldInfo, object]]:
    for name, field in model.model_fields.items():
        default = defaults.get(name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel) and isinstance(default, dict):
            yield from _fields(field.annotation, default, f"{prefix}{name}.")
        elif name in defaults:
            yield f"{prefix}{name}", field, default


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_shown(part)}" for key, part in value.items()) + "}"
    return "empty" if value is None else str(value)


if __name__ == "__main__":
    README.write_text(renewed(README.read_text(encoding="utf-8")), encoding="utf-8")
