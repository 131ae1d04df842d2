"""Which weights of a model learn: all but the token embeddings, or low-rank adapters that are merged afterwards."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import Tensor

from nightrec.encoder.model import Encoder

RANK = 16


def make_trainable(encoder: Encoder, tuning: str, seed: int) -> Encoder:
    """Return the encoder with gradients on what may learn.

    Token embeddings stay as they are: a night's steps touch only a few of them, and the words that no item of today's
    log uses would drift apart from those that learn.

    Args:
        encoder: Freshly loaded; changed in place.
        tuning: `full` or `lora`.
        seed: Of the adapters' first weights.

    Raises:
        ValueError: If the tuning is unknown.
    """
    if tuning == "full":
        encoder.model.requires_grad_(True).get_input_embeddings().requires_grad_(False)
        return encoder
    if tuning == "lora":
        torch.manual_seed(seed)
        adapters = LoraConfig(r=RANK, lora_alpha=2 * RANK, lora_dropout=0.0, target_modules="all-linear")
        wrapped: Any = get_peft_model(encoder.model, adapters)  # forwards what it does not have to the model within
        return replace(encoder, model=wrapped)
    raise ValueError(f"tuning must be full or lora, got {tuning!r}")


def trainable(encoder: Encoder) -> dict[str, Tensor]:
    """Return the weights that learn, by name; the live tensors, not copies."""
    return {name: weight.data for name, weight in encoder.model.named_parameters() if weight.requires_grad}


def save_model(encoder: Encoder, folder: Path) -> None:
    """Write the model, adapters merged, as safetensors with its tokenizer. The encoder is of no use afterwards."""
    model = encoder.model.merge_and_unload() if isinstance(encoder.model, PeftModel) else encoder.model
    model.save_pretrained(folder)
    encoder.tokenizer.save_pretrained(folder)
