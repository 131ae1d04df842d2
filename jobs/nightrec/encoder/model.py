"""A language model that turns texts into unit vectors: load, pool, embed."""

import importlib.util
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from huggingface_hub import snapshot_download
from safetensors import SafetensorError
from torch import Tensor
from torch.nn import functional as nnf
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging as hf_logging

from nightrec.device import choose_device
from nightrec.errors import ConfigError
from nightrec.model_settings import EncoderConfig
from nightrec.places import root

log = logging.getLogger(__name__)
CPU_CHUNK = 32  # texts; more of them leave the cache, fewer leave the cores idle
HUB_FILES = ["*.json", "*.txt", "*.model", "model*.safetensors"]
NO_PROGRESS: Callable[[int], None] = lambda _done: None  # noqa: E731  # a default argument


@dataclass(frozen=True)
class Encoder:
    """A loaded model with all that decides what vector a text gets."""

    model: PreTrainedModel  # or a PeftModel around one, while adapters learn
    tokenizer: PreTrainedTokenizerBase
    pooling: str
    max_tokens: int
    last_layers: int = 1

    @property
    def dim(self) -> int:
        """Length of the vectors."""
        return int(self.model.config.get_text_config().hidden_size)

    def tokens(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return token ids and mask, both ``(B, T)`` int64, padded on the right.

        A text without tokens becomes one padding token that counts, so that its vector is finite.
        """
        pad = int(self.tokenizer.pad_token_id)
        found = self.tokenizer(list(texts), truncation=True, max_length=self.max_tokens)["input_ids"]
        rows = [torch.tensor(ids or [pad]) for ids in found]
        ids = pad_sequence(rows, batch_first=True, padding_value=pad)
        mask = pad_sequence([torch.ones_like(row) for row in rows], batch_first=True)
        return ids.to(self.model.device), mask.to(self.model.device)

    def vectors(self, texts: Sequence[str]) -> Tensor:
        """Return ``(B, dim)`` float32 rows of unit length, with gradients where the caller has them on.

        A CPU takes them in chunks of similar length: in batches of random texts half of the work would be padding.
        """
        chunk = CPU_CHUNK if self.model.device.type == "cpu" else len(texts)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        parts = [self._forward([texts[i] for i in order[at : at + chunk]]) for at in range(0, len(order), chunk)]
        return torch.cat(parts)[torch.tensor(order).argsort().to(self.model.device)]

    def reading(self, texts: Sequence[str], mask: Tensor) -> AbstractContextManager[None]:
        """Surround a forward pass of texts with their mask ``(B, T)``; here nothing is done."""
        return nullcontext()

    def _forward(self, texts: Sequence[str]) -> Tensor:
        ids, mask = self.tokens(texts)
        with self.reading(texts, mask):
            found = self.model(input_ids=ids, attention_mask=mask, output_hidden_states=self.last_layers > 1)
        layers = found.hidden_states[-self.last_layers :] if self.last_layers > 1 else [found.last_hidden_state]
        hidden = torch.stack([layer.float() for layer in layers]).mean(0)  # (B, T, dim)
        return nnf.normalize(pool(hidden, mask, self.pooling), dim=-1)


def pool(hidden: Tensor, mask: Tensor, pooling: str) -> Tensor:
    """Reduce token vectors to one vector a text.

    Args:
        hidden: ``(B, T, D)`` float32.
        mask: ``(B, T)``, 1 for tokens and 0 for padding, at least one token a row.
        pooling: `mean` of the tokens, or the `last` token's.

    Returns:
        ``(B, D)`` float32.

    Raises:
        ValueError: If the pooling is unknown.
    """
    if pooling == "mean":
        weights = mask.unsqueeze(-1).to(hidden.dtype)  # (B, T, 1)
        return (hidden * weights).sum(1) / weights.sum(1)
    if pooling == "last":
        last = (mask * torch.arange(1, mask.shape[1] + 1, device=mask.device)).argmax(1)  # (B,)
        return hidden[torch.arange(len(hidden), device=hidden.device), last]
    raise ValueError(f"pooling must be mean or last, got {pooling!r}")


@torch.inference_mode()
def embed(
    encoder: Encoder, texts: pa.Array | Sequence[str], batch_size: int, progress: Callable[[int], None] = NO_PROGRESS
) -> np.ndarray:
    """Encode texts; neither batch size nor batch mates change a vector.

    Args:
        encoder: The model, in evaluation mode as `load_encoder` returns it.
        texts: Best without repeats; an Arrow array keeps a large catalogue out of Python objects.
        batch_size: Texts a forward pass.
        progress: Called after each batch with the number of texts in it.

    Returns:
        ``(len(texts), dim)`` float32, rows of unit length, in input order.
    """
    column = pa.array(texts, pa.string()) if not isinstance(texts, pa.Array | pa.ChunkedArray) else texts
    order = np.argsort(pa.compute.utf8_length(column).to_numpy(zero_copy_only=False), kind="stable")
    out = np.empty((len(column), encoder.dim), dtype=np.float32)
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]  # similar lengths share a batch: little padding
        out[rows] = encoder.vectors(column.take(pa.array(rows)).to_pylist()).cpu().numpy()
        progress(len(rows))
    return out


def find_model(name: str, setting: str = "encoder.model") -> Path:
    """Return the local folder of a model, downloading it if it is a hub name.

    Args:
        name: A folder, `package:<import name>[/folder]` or a hub name; the forms of `encoder.model`.
        setting: The setting that names it, for the error.

    Raises:
        ConfigError: If there is no such folder, package or hub model.
    """
    if name.startswith("package:"):
        package, _, inside = name.removeprefix("package:").partition("/")
        try:
            spec = importlib.util.find_spec(package)
        except ImportError:  # of the package around it
            spec = None
        if spec is None or not spec.submodule_search_locations:
            raise ConfigError(f"{setting} {name!r}: package {package!r} is not installed; pip install it")
        folder = Path(spec.submodule_search_locations[0]) / inside
    else:
        folder = root() / name
        if not folder.is_dir():
            return _download(name, setting)
    if not (folder / "config.json").is_file():
        raise ConfigError(f"{setting} {name!r}: no config.json in {folder}; expected a transformers model folder")
    return folder


def load_encoder(folder: Path, config: EncoderConfig) -> Encoder:
    """Load a model in float32 onto the best device. No code of the model's author is run and no pickle is read.

    Raises:
        ConfigError: If the folder holds no model that `transformers` knows, or its tokenizer has no token to pad with.
    """
    hf_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    hf_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    device, reason = choose_device()
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        model = AutoModel.from_pretrained(folder, trust_remote_code=False, use_safetensors=True, dtype=torch.float32)
    except (OSError, ValueError, SafetensorError) as err:
        raise ConfigError(
            f"encoder.model: cannot load {folder}: {' '.join(str(err).split())[:300]}; expected a whole model that "
            f"transformers knows, with safetensors: fetch it again or name another"
        ) from None
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    if tokenizer.pad_token is None:
        raise ConfigError(f"encoder.model: the tokenizer in {folder} has no pad, eos or unk token to pad with")
    log.info("loaded %s on %s: %s", folder, device.type, reason)
    last_layers = config.last_layers if config.pooling == "mean" else 1
    return Encoder(model.to(device).eval(), tokenizer, config.pooling, config.max_tokens, last_layers)


def _download(name: str, setting: str) -> Path:
    try:
        return Path(snapshot_download(name, allow_patterns=HUB_FILES))
    except (OSError, ValueError) as err:
        raise ConfigError(
            f"{setting} {name!r} is no folder, and the hub does not give it: {' '.join(str(err).split())[:200]}; "
            f"expected a folder, package:<import name>/<folder> or a hub name"
        ) from None
