"""The settings of the sentences that say why an item is listed."""

from nightrec.model_settings import Count, Places, Section


class WriterConfig(Section):
    """The language model that rewrites template sentences, where there is one."""

    model: str | None
    """Causal language model: local folder, `.gguf` file, `package:<import name>[/folder]`, or hub name. Empty: none."""
    budget_tokens: Places
    """Tokens, read and written, that a night may spend; what most rows say comes first, the rest keeps its template."""
    batch_size: Count
    """Sentences written at once."""


class ReasonsConfig(Section):
    """How each row of a list says why it is there."""

    language: str
    """Stem of a file in `conf/reasons/`; `auto`: what the user wrote lately, or the titles of their items, decide."""
    writer: WriterConfig
