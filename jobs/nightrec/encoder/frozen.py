"""Layers that do not learn read each text once: what they made of it is kept, and later passes start above them."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, fields

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from nightrec.encoder.model import Encoder
from nightrec.encoder.tuning import layers_of

log = logging.getLogger(__name__)

MB = 1_000_000


class FrozenLayers:
    """The lowest layers of a model, and their last output for each text that they have read.

    Args:
        layers: From the first on; none of them may learn.
        max_bytes: Of outputs, float32; texts beyond that are read anew each time.
    """

    def __init__(self, layers: Iterable[nn.Module], max_bytes: int) -> None:
        self._layers, self._bytes_left = list(layers), max_bytes
        self._kept: dict[str, Tensor] = {}  # (T, D) each
        self._beside: tuple[None, ...] | None = None  # what some layers give out beside the hidden states

    def know(self, text: str) -> bool:
        """Tell whether a text can do without these layers."""
        return text in self._kept

    @contextmanager
    def passing(self, texts: Sequence[str], mask: Tensor) -> Iterator[None]:
        """Keep what a forward pass of these texts gives, or pass these layers by where it is known of all of them.

        Args:
            texts: Of the batch that the model is given inside.
            mask: ``(B, T)``, 1 for tokens, which stand before the padding.
        """
        if all(map(self.know, texts)):
            known = pad_sequence([self._kept[text] for text in texts], batch_first=True)  # (B, T, D)
            for layer in self._layers:
                layer.forward = self._answer(known)  # on the instance, so that what the model asks of it stays
            try:
                yield
            finally:
                for layer in self._layers:
                    del layer.forward
            return
        hook = self._layers[-1].register_forward_hook(lambda _layer, _args, output: self._keep(texts, mask, output))
        try:
            yield
        finally:
            hook.remove()

    def _answer(self, known: Tensor) -> Callable[..., Tensor | tuple[Tensor | None, ...]]:
        return lambda *_args, **_kwargs: known if self._beside is None else (known, *self._beside)

    def _keep(self, texts: Sequence[str], mask: Tensor, output: Tensor | tuple[Tensor, ...]) -> None:
        self._beside = (None,) * (len(output) - 1) if isinstance(output, tuple) else None
        hidden = hidden_of(output).detach()
        for text, row, n_tokens in zip(texts, hidden, mask.sum(1).tolist(), strict=True):
            size = n_tokens * row.shape[1] * row.element_size()
            if not self.know(text) and size <= self._bytes_left:
                self._kept[text], self._bytes_left = row[:n_tokens].clone(), self._bytes_left - size


def hidden_of(output: Tensor | tuple[Tensor, ...]) -> Tensor:
    """Return the hidden states ``(B, T, D)`` of what a layer gives out."""
    return output[0] if isinstance(output, tuple) else output


@dataclass(frozen=True)
class ThriftyEncoder(Encoder):
    """An encoder that passes its frozen layers by where it can; vectors are the same."""

    frozen: FrozenLayers = field(kw_only=True)

    def vectors(self, texts: Sequence[str]) -> Tensor:
        """As of `Encoder`; known texts do not share a chunk with others, which would read them anew."""
        order = sorted(range(len(texts)), key=lambda i: self.frozen.know(texts[i]))
        n_new = sum(not self.frozen.know(text) for text in texts)
        parts = [[texts[i] for i in part] for part in (order[:n_new], order[n_new:]) if part]
        vectors = torch.cat([super(ThriftyEncoder, self).vectors(part) for part in parts])
        return vectors[torch.tensor(order).argsort().to(vectors.device)]

    def reading(self, texts: Sequence[str], mask: Tensor) -> AbstractContextManager[None]:
        """Pass the frozen layers by, or let them learn the texts by heart."""
        return self.frozen.passing(texts, mask)


def make_thrifty(encoder: Encoder, tuned_layers: int, cache_mb: int) -> Encoder:
    """Let an encoder remember what its layers below the tuned ones make of texts.

    Args:
        encoder: Freshly loaded; returned as it is where nothing can be gained, as on a GPU, which reads faster than it
            could fetch, and where what a layer gives out is not all that the next one takes.
        tuned_layers: Layers, counted from the last, that will learn.
        cache_mb: Megabytes to keep.
    """
    layers = layers_of(encoder.model)
    n_frozen = len(layers) - max(tuned_layers, encoder.last_layers - 1)
    if encoder.model.device.type != "cpu" or n_frozen < 1 or not cache_mb:
        return encoder
    if not _gives_all(encoder, layers, n_frozen):
        log.info("each pass reads all %d layers: layer %d gives out other than hidden states", len(layers), n_frozen)
        return encoder
    given = {part.name: getattr(encoder, part.name) for part in fields(encoder)}
    return ThriftyEncoder(**given, frozen=FrozenLayers(layers[:n_frozen], cache_mb * MB))


@torch.inference_mode()
def _gives_all(encoder: Encoder, layers: nn.ModuleList, n: int) -> bool:
    """Tell whether the output of layer `n`, counted from 1, is the model's hidden state of that place."""
    outputs: list[Tensor | tuple[Tensor, ...]] = []
    hook = layers[n - 1].register_forward_hook(lambda _layer, _args, output: outputs.append(output))
    ids, mask = encoder.tokens(["a probe", "of two texts"])
    states = encoder.model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
    hook.remove()
    return len(outputs) == 1 and torch.equal(hidden_of(outputs[0]), states[n])
