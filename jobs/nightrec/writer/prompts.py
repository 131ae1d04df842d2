"""What the model is asked: a template sentence, after examples of how such a sentence is rewritten."""

from typing import NamedTuple

from transformers import PreTrainedTokenizerBase

from nightrec.writer.guide import Guide, plain

MORE_TOKENS = 24
"""Tokens that a sentence may have more than its template."""


class Asked(NamedTuple):
    """What the model is given, and how many tokens it may write."""

    prompt: str
    n_prompt: int
    most: int

    @property
    def n_tokens(self) -> int:
        """Tokens that the sentence costs at most, read and written."""
        return self.n_prompt + self.most


def ask(template: str, kind: str, guide: Guide, tokenizer: PreTrainedTokenizerBase) -> Asked:
    """Make the prompt for one template sentence: as a chat where the model has a form for one, else by examples.

    Args:
        template: The sentence to rewrite; not longer than one with its values shortened.
        kind: Of its evidence, one of the guide's.
        guide: Of its language.
        tokenizer: The model's.
    """
    turns = [(plain(before), plain(after)) for before, after in guide.examples[kind]]
    prompt = _chat(turns, plain(template), guide, tokenizer) if tokenizer.chat_template else None
    if prompt is None:
        before, after = guide.labels
        shown = [f"{before} {told}\n{after} {better}\n" for told, better in turns]
        prompt = "\n".join([f"{guide.instruction}\n", *shown, f"{before} {plain(template)}\n{after}"])
    n_prompt = len(tokenizer(prompt)["input_ids"])
    most = len(tokenizer(plain(template), add_special_tokens=False)["input_ids"]) + MORE_TOKENS
    return Asked(prompt, n_prompt, most)


def _chat(turns: list[tuple[str, str]], template: str, guide: Guide, tokenizer: PreTrainedTokenizerBase) -> str:
    first, *others = [*turns, (template, "")]
    # Not every form has a place for a system's word, so the instruction opens the first turn.
    asked = [(f"{guide.instruction}\n\n{first[0]}", first[1]), *others]
    said = [part for user, answer in asked for part in (_turn("user", user), _turn("assistant", answer))]
    made = tokenizer.apply_chat_template(said[:-1], tokenize=False, add_generation_prompt=True, enable_thinking=False)
    begin = tokenizer.bos_token or ""
    # The tokenizer puts the first token before a prompt itself.
    return str(made).removeprefix(begin) if tokenizer("")["input_ids"][:1] == [tokenizer.bos_token_id] else str(made)


def _turn(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}
