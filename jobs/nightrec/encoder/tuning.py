"""Which weights of a model learn: its last layers, or low-rank adapters on them that are merged afterwards."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import Tensor, nn

from nightrec.encoder.model import Encoder

RANK = 16


def make_trainable(encoder: Encoder, tuning: str, tuned_layers: int, seed: int) -> Encoder:
    """Return the encoder with gradients on what may learn.

    The lower layers and the token embeddings know the language from more text than any shop has; a night's steps touch
    only a few words, and those that no item of today's log uses would drift apart from those that learn.

    Args:
        encoder: Freshly loaded; changed in place.
        tuning: `full` or `lora`.
        tuned_layers: Layers, counted from the last, that learn; all where there are fewer.
        seed: Of the adapters' first weights.

    Raises:
        ValueError: If the tuning is unknown.
    """
    learner = encoder
    if tuning == "lora":
        torch.manual_seed(seed)
        adapters = LoraConfig(r=RANK, lora_alpha=2 * RANK, lora_dropout=0.0, target_modules="all-linear")
        wrapped: Any = get_peft_model(encoder.model, adapters)  # forwards what it does not have to the model within
        learner = replace(encoder, model=wrapped)
    elif tuning != "full":
        raise ValueError(f"tuning must be full or lora, got {tuning!r}")
    learner.model.requires_grad_(False)
    for layer in layers_of(learner.model)[-tuned_layers:]:
        for name, weight in layer.named_parameters():
            weight.requires_grad_(tuning == "full" or "lora_" in name)
    return learner


def layers_of(model: nn.Module) -> nn.ModuleList:
    """Return the stack of layers: whatever a model calls it, no other list of modules is longer."""
    return max((part for part in model.modules() if isinstance(part, nn.ModuleList)), key=len)


def trainable(encoder: Encoder) -> dict[str, Tensor]:
    """Return the weights that learn, by name; the live tensors, not copies."""
    return {name: weight.data for name, weight in encoder.model.named_parameters() if weight.requires_grad}


def save_model(encoder: Encoder, folder: Path) -> None:
    """Write the model, adapters merged, as safetensors with its tokenizer. The encoder is of no use afterwards."""
    model = encoder.model.merge_and_unload() if isinstance(encoder.model, PeftModel) else encoder.model
    model.save_pretrained(folder)
    encoder.tokenizer.save_pretrained(folder)
