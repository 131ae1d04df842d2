"""A causal language model that writes sentences: load, generate."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging as hf_logging

from nightrec.device import choose_device, choose_precision
from nightrec.encoder.model import NO_PROGRESS, find_model
from nightrec.encoder.versions import hash_files, weight_files
from nightrec.errors import ConfigError
from nightrec.places import root
from nightrec.writer.prompts import Asked

SETTING = "reasons.writer.model"
GGUF = ".gguf"


@dataclass(frozen=True)
class Writer:
    """A loaded model, in evaluation mode; `ends` are the tokens at which a sentence is over."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    ends: list[int]


class Written(NamedTuple):
    """What the model wrote, and the tokens read and written for it."""

    text: str
    n_tokens: int


def find_writer(name: str) -> Path:
    """Return the folder or GGUF file of a model, downloading it if it is a hub name.

    Args:
        name: As for `encoder.model`, or a file that ends in `.gguf`.

    Raises:
        ConfigError: If there is no such file, folder, package or hub model.
    """
    if not name.endswith(GGUF):
        return find_model(name, SETTING)
    if not (root() / name).is_file():
        raise ConfigError(f"{SETTING} {name!r}: no such file under {root()}; expected the path of a GGUF file")
    return root() / name


def writer_weights(path: Path) -> list[Path]:
    """Return the files that hold a model's weights, and its tokenizer where it has a file of its own."""
    return [path] if path.is_file() else [*weight_files(path), *sorted(path.glob("tokenizer*.json"))]


def weights_hash(path: Path) -> str:
    """Return the first 12 hex digits of the SHA-256 of a model's weights and tokenizer."""
    return hash_files(writer_weights(path))


def load_writer(path: Path) -> Writer:
    """Load a model onto the best device. No code of the model's author is run and no pickle is read.

    Args:
        path: Result of `find_writer`.

    Raises:
        ConfigError: If it is no causal language model that `transformers` can read.
    """
    hf_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    hf_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    device, _ = choose_device()
    source = {"gguf_file": path.name} if path.is_file() else {}
    folder = path.parent if path.is_file() else path
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, **source)
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folder, trust_remote_code=False, use_safetensors=True, dtype=choose_precision(device)[0],
            output_loading_info=True, **source,
        )  # fmt: skip
    except (OSError, ValueError, ImportError, SafetensorError) as err:
        raise ConfigError(f"{SETTING}: cannot load {path}: {' '.join(str(err).split())[:300]}") from None
    model, told = loaded
    if told["missing_keys"]:
        some = ", ".join(sorted(told["missing_keys"])[:3])
        raise ConfigError(f"{SETTING}: {path} is no causal language model: it has no weights for {some}")
    ends = _ends(model, tokenizer)
    # Its author's choices, such as a repetition_penalty, would fill whatever is not said on writing.
    model.generation_config = GenerationConfig()  # type: ignore[no-untyped-call]
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.convert_ids_to_tokens(ends[0])
    tokenizer.padding_side = "left"
    return Writer(model.to(device).eval(), tokenizer, ends)


@torch.inference_mode()
def write(
    writer: Writer, asked: Sequence[Asked], batch_size: int, progress: Callable[[int], None] = NO_PROGRESS
) -> list[Written]:
    """Write a sentence for each prompt, always the likeliest next token, so that a repeat writes the same.

    Args:
        writer: The model.
        asked: What it is asked.
        batch_size: Sentences at once.
        progress: Called after each batch with the number of sentences in it.
    """
    order = sorted(range(len(asked)), key=lambda i: asked[i].n_prompt)  # similar lengths share a batch: little padding
    out = [Written("", 0)] * len(asked)
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        for row, written in zip(rows, _write([asked[i] for i in rows], writer), strict=True):
            out[row] = written
        progress(len(rows))
    return out


def _write(asked: Sequence[Asked], writer: Writer) -> list[Written]:
    given = writer.tokenizer([one.prompt for one in asked], padding=True, return_tensors="pt")  # (B, T)
    how = GenerationConfig(  # type: ignore[no-untyped-call]
        max_new_tokens=max(one.most for one in asked), do_sample=False, eos_token_id=writer.ends,
        pad_token_id=writer.tokenizer.pad_token_id,
    )  # fmt: skip
    ids, mask = (given[name].to(writer.model.device) for name in ("input_ids", "attention_mask"))
    generate: Any = writer.model.generate
    told = generate(input_ids=ids, attention_mask=mask, generation_config=how)[:, ids.shape[1] :]  # (B, W)
    return [_read(row[: one.most].tolist(), one, writer) for row, one in zip(told, asked, strict=True)]


def _read(ids: list[int], asked: Asked, writer: Writer) -> Written:
    """Keep the first line; batch mates that may write longer do not lengthen a sentence."""
    length = next((at for at, token in enumerate(ids, start=1) if token in writer.ends), len(ids))
    # The token that breaks the line may hold the full stop before it.
    text = str(writer.tokenizer.decode(ids[:length], skip_special_tokens=True))
    return Written(text.partition("\n")[0], asked.n_prompt + length)


def _ends(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Return the model's own end tokens, and those that break the line."""
    own = model.generation_config.eos_token_id
    found = [*(own if isinstance(own, list) else [own]), tokenizer.eos_token_id]
    breaks = [token_id for token, token_id in tokenizer.get_vocab().items() if {"\n", "Ċ"} & set(token[:64])]
    ends = sorted({token_id for token_id in found if token_id is not None}) + sorted(breaks)
    if not ends:
        raise ConfigError(f"{SETTING}: the tokenizer has no token at which a sentence ends (eos or line break)")
    return ends
