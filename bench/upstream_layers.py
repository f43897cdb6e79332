"""The layers of upstream's model and its encoder with relative positions, in PyTorch. Part of `bench upstream`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F  # noqa: N812 - everybody calls it so

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

POSITIONS = 5000
"""The longest sequence that upstream's table of sinusoids is for."""


class Weights:
    """Tensors by name, and the layers that use them."""

    def __init__(self, tensors: dict[str, torch.Tensor]) -> None:
        self.tensors = tensors

    def __getitem__(self, name: str) -> torch.Tensor:
        return self.tensors[name]

    def under(self, prefix: str) -> Weights:
        """Return those whose names begin with `prefix`, without it."""
        return Weights(
            {name.removeprefix(prefix): value for name, value in self.tensors.items() if name.startswith(prefix)}
        )

    def each(self, prefix: str) -> list[Weights]:
        """Return those under `prefix` 0, 1, 2, ..., as many as there are."""
        numbers = {name.removeprefix(prefix).partition(".")[0] for name in self.tensors if name.startswith(prefix)}
        return [self.under(f"{prefix}{number}.") for number in sorted(int(number) for number in numbers)]

    def linear(self, name: str, x: torch.Tensor) -> torch.Tensor:
        """Apply a linear layer to the last axis."""
        return F.linear(x, self[f"{name}.weight"], self.tensors.get(f"{name}.bias"))

    def conv(self, name: str, x: torch.Tensor, **how: int) -> torch.Tensor:
        """Apply a convolution to [B, C, T]."""
        return F.conv1d(x, self[f"{name}.weight"], self[f"{name}.bias"], **how)

    def conv_transpose(self, name: str, x: torch.Tensor, **how: int) -> torch.Tensor:
        """Apply a transposed convolution to [B, C, T]."""
        return F.conv_transpose1d(x, self[f"{name}.weight"], self[f"{name}.bias"], **how)

    def layer_norm(self, name: str, x: torch.Tensor, epsilon: float = 1e-5) -> torch.Tensor:
        """Normalise the last axis."""
        return F.layer_norm(x, x.shape[-1:], self[f"{name}.weight"], self[f"{name}.bias"], epsilon)

    def group_norm(self, name: str, x: torch.Tensor, groups: int) -> torch.Tensor:
        """Normalise groups of the channels of [B, C, T]."""
        return F.group_norm(x, groups, self[f"{name}.weight"], self[f"{name}.bias"])

    def speaker(self, embedding: Floats) -> torch.Tensor:
        """Return the row [1, D] of a voice's embedding [192]."""
        unit = F.normalize(torch.from_numpy(embedding).reshape(1, -1), dim=1)
        return self.linear("spk_embed_affine_layer", unit)


@dataclass(frozen=True)
class Style:
    """In what the three encoders differ."""

    norms: tuple[str, str]
    activation: Callable[[Any], Any]
    rectified_input: bool
    causal: bool


class Encoder:
    """Layers of attention with relative positions; with a cache they continue a sequence."""

    def __init__(self, weights: Weights, style: Style) -> None:
        self._weights, self._style = weights, style
        self._layers = weights.each("encoders.")
        self._heads, self._width = self._layers[0]["self_attn.pos_bias_u"].shape
        # from the farthest key before a query to the farthest behind it
        width = self._heads * self._width
        rates = torch.exp(torch.arange(0, width, 2, dtype=torch.float32) * -(math.log(10000.0) / width))
        angles = torch.arange(POSITIONS - 1, -POSITIONS, -1, dtype=torch.float32).unsqueeze(1) * rates
        self._sinusoids = torch.stack([angles.sin(), angles.cos()], 2).reshape(1, -1, width)

    def __call__(self, x: torch.Tensor, cache: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the rows [1, T, D] of `x` [1, T, C], and keys and values [layers, heads, L, 2 dk] of all so far."""
        x = self._weights.layer_norm("embed.out.1", self._weights.linear("embed.out.0", x))
        if self._style.rectified_input:
            x = F.relu(x)
        x = x * math.sqrt(x.shape[-1])
        rows = x.shape[1]
        length = rows + (0 if cache is None else cache.shape[2])
        mask = torch.ones(1, 1, rows, rows, dtype=torch.bool)
        mask = mask.tril() if self._style.causal else mask
        positions = self._sinusoids[:, POSITIONS - length : POSITIONS + length - 1]
        caches = []
        before, between = self._style.norms
        for index, layer in enumerate(self._layers):
            past = None if cache is None else cache[index : index + 1]
            y, new = self._attend(layer, layer.layer_norm(before, x, 1e-12), positions, mask, past)
            x = x + y
            y = layer.linear("feed_forward.w_1", layer.layer_norm(between, x, 1e-12))
            x = x + layer.linear("feed_forward.w_2", self._style.activation(y))
            caches.append(new)
        return self._weights.layer_norm("after_norm", x), torch.cat(caches)

    def _attend(
        self, layer: Weights, y: torch.Tensor, positions: torch.Tensor, mask: torch.Tensor, past: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        def heads(rows: torch.Tensor) -> torch.Tensor:
            return rows.view(1, -1, self._heads, self._width)

        q, k, v = (heads(layer.linear(f"self_attn.linear_{name}", y)) for name in "qkv")
        k, v = k.transpose(1, 2), v.transpose(1, 2)
        if past is not None:
            past_k, past_v = past.split(self._width, dim=-1)
            k, v = torch.cat([past_k, k], 2), torch.cat([past_v, v], 2)
        cache = torch.cat([k, v], -1)
        relative = heads(layer.linear("self_attn.linear_pos", positions)).transpose(1, 2)
        content = torch.matmul((q + layer["self_attn.pos_bias_u"]).transpose(1, 2), k.transpose(-2, -1))
        place = torch.matmul((q + layer["self_attn.pos_bias_v"]).transpose(1, 2), relative.transpose(-2, -1))
        scores = (content + _by_key(place)) / math.sqrt(self._width)
        hidden = ~mask[..., : scores.shape[-1]]
        weights = scores.masked_fill(hidden, -math.inf).softmax(-1).masked_fill(hidden, 0.0)
        rows = torch.matmul(weights, v).transpose(1, 2).reshape(1, -1, self._heads * self._width)
        return layer.linear("self_attn.linear_out", rows), cache


def _by_key(place: torch.Tensor) -> torch.Tensor:
    """Turn scores by relative position [1, H, T, 2 L - 1] into scores by key [1, H, T, L]; T is L or 1."""
    _, heads, rows, positions = place.shape
    shifted = F.pad(place, (1, 0)).view(1, heads, positions + 1, rows)[:, :, 1:]
    return shifted.reshape(1, heads, rows, positions)[..., : positions // 2 + 1]


CONFORMER = Style(("norm_mha", "norm_ff"), F.silu, rectified_input=False, causal=False)
TEXT_ENCODER = Style(CONFORMER.norms, F.silu, rectified_input=False, causal=True)
TRANSFORMER = Style(("norm1", "norm2"), F.relu, rectified_input=True, causal=True)
