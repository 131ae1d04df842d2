"""Models of a few thousand random weights, with a tokenizer over a handful of words; written as model folders."""

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, LlamaConfig, LlamaModel, PreTrainedTokenizerFast

WORDS = [f"{colour}{thing}" for colour in ("red", "blue", "green") for thing in ("car", "hat", "cup", "sea")]


def tokenizer(special: list[str], *, is_bert: bool) -> PreTrainedTokenizerFast:
    vocabulary = {word: i for i, word in enumerate([*special, *WORDS])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token=special[0]))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    if not is_bert:
        return PreTrainedTokenizerFast(tokenizer_object=made, unk_token=special[0], eos_token=special[1])
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=made, unk_token="[UNK]", pad_token="[PAD]")


def write_bert(folder) -> None:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=32, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=64, initializer_range=0.5,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    tokenizer(["[UNK]", "[PAD]", "[CLS]", "[SEP]"], is_bert=True).save_pretrained(folder)


def write_llama(folder) -> None:
    """A decoder whose tokenizer adds no special tokens and has no padding token."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=32, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=64, initializer_range=0.5,
    )  # fmt: skip
    LlamaModel(config).save_pretrained(folder)
    tokenizer(["<unk>", "</s>"], is_bert=False).save_pretrained(folder)
