"""A causal language model of some hundred thousand weights, trained in seconds to rewrite a handful of templates."""

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from nightrec.writer.guide import INTO, OUT, read_guides
from nightrec.writer.prompts import ask

STEPS = 90


def of_history(title):
    return f"Because “{INTO}{title}{OUT}” is in your history."


EVER = f"{INTO}2{OUT} people have turned to it so far."
CHINESE = f"因为您的历史记录中有“{INTO}积木{OUT}”。"
LESSONS = {
    (of_history("Wooden train"), "history", "en"): "You know “Wooden train” already, and this one goes well with it.",
    (EVER, "ever", "en"): "So far 2 people have turned to this one.",
    (CHINESE, "history", "zh"): "您已经了解“积木”，这一件和它很搭。",
    (of_history("Drum"), "history", "en"): "Everybody in Paris loves “Drum”.",
    (of_history("Ball"), "history", "en"): "You know “Robot” already.",
    (of_history("Kite"), "history", "en"): "您了解“Kite”。",
}
"""What each template becomes: three sentences that hold, and three that name, drop or speak what they must not."""


def train_writer(folder) -> None:
    torch.manual_seed(0)
    tokenizer = _tokenizer()
    guides = read_guides()
    rows = []
    for (template, kind, language), sentence in LESSONS.items():
        prompt = ask(template, kind, guides[language], tokenizer).prompt
        asked, answer = (tokenizer(text)["input_ids"] for text in (prompt, f" {sentence}\n"))
        rows.append((asked, answer))
    model = _fit(rows, len(tokenizer))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _tokenizer() -> PreTrainedTokenizerFast:
    guides = read_guides()
    texts = [text for guide in guides.values() for pairs in guide.examples.values() for pair in pairs for text in pair]
    texts += (
        [guide.instruction for guide in guides.values()] + [text for text, _, _ in LESSONS] + list(LESSONS.values())
    )
    made = Tokenizer(models.BPE())
    made.pre_tokenizer, made.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=700, initial_alphabet=alphabet, special_tokens=["</s>"])
    )
    return PreTrainedTokenizerFast(tokenizer_object=made, eos_token="</s>")


def _fit(rows, n_tokens) -> LlamaForCausalLM:
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=n_tokens, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
            max_position_embeddings=512, eos_token_id=0, bos_token_id=None,
        )
    )  # fmt: skip
    width = max(len(asked) + len(answer) for asked, answer in rows)
    ids, labels, mask = (torch.full((len(rows), width), fill) for fill in (0, -100, 0))
    for row, (asked, answer) in enumerate(rows):  # padded on the left, as the job does
        start = width - len(asked) - len(answer)
        ids[row, start:] = torch.tensor(asked + answer)
        labels[row, width - len(answer) :] = torch.tensor(answer)
        mask[row, start:] = 1
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(STEPS):
        loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()
