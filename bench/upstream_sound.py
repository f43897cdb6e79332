"""The flow and the vocoder of upstream's model, in PyTorch. Part of `bench upstream`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F  # noqa: N812 - everybody calls it so

from bench.upstream_layers import CONFORMER, Encoder, Weights
from wyoming_cosyvoice.engines.cosyvoice.lengths import HOP, SAMPLE_RATE, TOKEN_RATE, frames_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

STEPS, GUIDANCE = 10, 0.7


class Flow:
    """Speech tokens to a mel."""

    def __init__(self, weights: Weights, head_width: int) -> None:
        self._weights = weights
        self._encoder = Encoder(weights.under("encoder."), CONFORMER)
        self._estimator = Estimator(weights.under("decoder.estimator."), head_width)

    def encode(
        self, tokens: Sequence[int], embedding: Floats, prompt_tokens: Sequence[int] = (), prompt: Floats | None = None
    ) -> tuple[Any, Any, Any]:
        """Return mu [T, 80], the speaker [80] and what is known of the mel [80, T]."""
        ids = torch.tensor([[*prompt_tokens, *tokens]]).clamp(min=0)
        rows, _ = self._encoder(F.embedding(ids, self._weights["input_embedding.weight"]))
        rows = self._weights.linear("encoder_proj", rows).transpose(1, 2)
        known = 0 if prompt is None else len(prompt)
        mu = self._regulate(rows[..., : len(prompt_tokens)], rows[..., len(prompt_tokens) :], known)
        cond = torch.zeros_like(mu)
        if prompt is not None:
            cond[0, :, :known] = torch.from_numpy(prompt).T
        return mu[0].T.numpy(), self._weights.speaker(embedding)[0].numpy(), cond[0].numpy()

    def _regulate(self, prompt: torch.Tensor, rows: torch.Tensor, known: int) -> torch.Tensor:
        """Stretch [1, 80, n] from tokens to frames; the two ends of a long clause on their own."""
        count = rows.shape[-1]
        frames, end = frames_of(count), int(20 / TOKEN_RATE * SAMPLE_RATE / HOP)
        pieces = [(prompt, known)] if known else []
        if count > 40:
            pieces += [(rows[..., :20], end), (rows[..., 20:-20], frames - 2 * end), (rows[..., -20:], end)]
        else:
            pieces.append((rows, frames))
        x = torch.cat([F.interpolate(piece, size=size, mode="linear") for piece, size in pieces], 2)
        model = self._weights.under("length_regulator.model.")
        for index in (0, 3, 6, 9):
            x = F.mish(model.group_norm(str(index + 1), model.conv(str(index), x, padding=1), 1))
        return model.conv("12", x)

    def solve(self, mu: Floats, speaker: Floats, noise: Floats, cond: Floats) -> Any:
        """Return the mel [80, T] after all Euler steps from `noise` [80, T]."""
        x = torch.from_numpy(noise).unsqueeze(0)
        given = (torch.from_numpy(mu.T), torch.from_numpy(speaker), torch.from_numpy(cond))
        mus, speakers, conds = (torch.stack([value, torch.zeros_like(value)]) for value in given)
        mask = torch.ones(2, 1, x.shape[-1])
        times = 1 - torch.cos(torch.linspace(0, 1, STEPS + 1) * 0.5 * torch.pi)
        t, step = times[0], times[1] - times[0]
        for index in range(1, STEPS + 1):
            both = self._estimator(x.repeat(2, 1, 1), mask, mus, t.repeat(2), speaker=speakers, cond=conds)
            conditioned, free = both.chunk(2)
            x = x + step * ((1 + GUIDANCE) * conditioned - GUIDANCE * free)
            t = t + step
            if index < STEPS:
                step = times[index + 1] - t
        return x[0].numpy()


class Stage:
    """A convolutional block with the time in it, and the transformer's blocks after it."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.resnet, self.blocks = weights.under("0."), weights.each("1.")
        self.first, self.second = self.resnet.under("block1."), self.resnet.under("block2.")


class Estimator:
    """The velocity of a batch of mels [B, 80, T]."""

    def __init__(self, weights: Weights, head_width: int) -> None:
        self._weights, self._head_width = weights, head_width
        self._down, self._mid, self._up = (
            [Stage(stage) for stage in weights.each(f"{name}_blocks.")] for name in ("down", "mid", "up")
        )
        self._final = weights.under("final_block.")

    def __call__(
        self,
        x: torch.Tensor,
        mask: torch.Tensor,
        mu: torch.Tensor,
        t: torch.Tensor,
        *,
        speaker: torch.Tensor,
        cond: torch.Tensor,
    ) -> torch.Tensor:
        """Return the velocity at time `t` [B]."""
        time = self._time(t)
        x = torch.cat([x, mu, speaker.unsqueeze(-1).expand(-1, -1, x.shape[-1]), cond], 1)
        half = mask[:, :, ::2]
        first = x = self._stage(self._down[0], x, mask, time)
        x = self._down[0].weights.conv("2.conv", x * mask, stride=2, padding=1)
        second = x = self._stage(self._down[1], x, half, time)
        x = self._down[1].weights.conv("2", x * half, padding=1)
        for stage in self._mid:
            x = self._stage(stage, x, half, time)
        x = self._stage(self._up[0], torch.cat([x, second], 1), half, time)
        x = self._up[0].weights.conv_transpose("2.conv", x * half, stride=2, padding=1)
        x = self._stage(self._up[1], torch.cat([x[:, :, : first.shape[-1]], first], 1), mask, time)
        x = self._up[1].weights.conv("2", x * mask, padding=1)
        x = _block(self._final, x, mask)
        return self._weights.conv("final_proj", x * mask) * mask

    def _time(self, t: torch.Tensor) -> torch.Tensor:
        half = self._weights["time_mlp.linear_1.weight"].shape[1] // 2
        rates = torch.exp(torch.arange(half, dtype=torch.float32) * -(math.log(10000) / (half - 1)))
        angles = 1000 * t.unsqueeze(1) * rates
        rows = self._weights.linear("time_mlp.linear_1", torch.cat([angles.sin(), angles.cos()], -1))
        return self._weights.linear("time_mlp.linear_2", F.silu(rows))

    def _stage(self, stage: Stage, x: torch.Tensor, mask: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
        y = _block(stage.first, x, mask) + stage.resnet.linear("mlp.1", F.mish(time)).unsqueeze(-1)
        y = _block(stage.second, y, mask) + stage.resnet.conv("res_conv", x * mask)
        rows = y.transpose(1, 2).contiguous()
        bias = ((1 - mask) * -1e10).unsqueeze(1).expand(-1, 1, rows.shape[1], -1)
        for block in stage.blocks:
            rows = self._transform(block, rows, bias)
        return rows.transpose(1, 2).contiguous()

    def _transform(self, block: Weights, x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        y = block.layer_norm("norm1", x)
        q, k, v = (
            block.linear(f"attn1.to_{name}", y).unflatten(-1, (-1, self._head_width)).transpose(1, 2) for name in "qkv"
        )
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=bias).transpose(1, 2).flatten(2)
        x = x + block.linear("attn1.to_out.0", y)
        y = F.gelu(block.linear("ff.net.0.proj", block.layer_norm("norm3", x)))
        return x + block.linear("ff.net.2", y)


def _block(weights: Weights, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    x = weights.conv("block.0", x * mask, padding=1)
    return F.mish(weights.group_norm("block.1", x, 8)) * mask


class Vocoder:
    """A mel to samples."""

    def __init__(self, weights: Weights) -> None:
        self._weights = _folded(weights)
        self._window = torch.hann_window(16, periodic=True)
        self._of_source, self._after = self._weights.each("source_resblocks."), self._weights.each("resblocks.")

    def f0(self, mel: Floats) -> Any:
        """Return F0 [T] in hertz of `mel` [80, T]."""
        x = torch.from_numpy(mel).unsqueeze(0)
        for index in (0, 2, 4, 6, 8):
            x = F.elu(self._weights.conv(f"f0_predictor.condnet.{index}", x, padding=1))
        return self._weights.linear("f0_predictor.classifier", x.transpose(1, 2)).abs()[0, :, 0].numpy()

    def source(self, f0: Floats, phase: Floats, noise: Floats) -> Any:
        """Return the source [256 T]: nine harmonics and noise."""
        hertz = F.interpolate(torch.from_numpy(f0).view(1, 1, -1), scale_factor=HOP, mode="nearest")
        turns = torch.cat([hertz * (k + 1) / SAMPLE_RATE for k in range(len(phase))], 1)
        offsets = torch.from_numpy(phase).view(1, -1, 1).clone()
        offsets[:, 0] = 0
        waves = 0.1 * torch.sin(2 * torch.pi * (turns.cumsum(-1) % 1) + offsets)
        voiced = (hertz > 10).float()
        level = voiced * 0.003 + (1 - voiced) * 0.1 / 3
        waves = waves * voiced + level * torch.from_numpy(noise).unsqueeze(0)
        return self._weights.linear("m_source.l_linear", waves.transpose(1, 2)).tanh()[0, :, 0].numpy()

    def wave(self, mel: Floats, source: Floats) -> Any:
        """Return the samples [256 T]."""
        w = self._weights
        spectrum = torch.stft(torch.from_numpy(source).unsqueeze(0), 16, 4, 16, self._window, return_complex=True)
        spectrum = torch.cat([spectrum.real, spectrum.imag], 1)
        x = w.conv("conv_pre", torch.from_numpy(mel).unsqueeze(0), padding=3)
        for index, how in enumerate(({"stride": 8, "padding": 4}, {})):
            x = w.conv_transpose(f"ups.{index}", F.leaky_relu(x, 0.1), stride=8, padding=4)
            if index == 1:
                x = F.pad(x, (1, 0), mode="reflect")
            x = x + _resblock(self._of_source[index], w.conv(f"source_downs.{index}", spectrum, **how))
            some = self._after[3 * index : 3 * index + 3]
            x = (_resblock(some[0], x) + _resblock(some[1], x) + _resblock(some[2], x)) / 3
        level, turn = w.conv("conv_post", F.leaky_relu(x), padding=3).chunk(2, 1)
        level, turn = level.exp().clamp(max=100), turn.sin()
        wave = torch.istft(torch.complex(level * turn.cos(), level * turn.sin()), 16, 4, 16, self._window)
        return wave.clamp(-0.99, 0.99)[0].numpy()


def _resblock(weights: Weights, x: torch.Tensor) -> torch.Tensor:
    for index, dilation in enumerate((1, 3, 5)):
        reach = weights["convs1.0.weight"].shape[-1] // 2
        y = _snake(x, weights[f"activations1.{index}.alpha"])
        y = weights.conv(f"convs1.{index}", y, padding=reach * dilation, dilation=dilation)
        y = weights.conv(f"convs2.{index}", _snake(y, weights[f"activations2.{index}.alpha"]), padding=reach)
        x = x + y
    return x


def _snake(x: torch.Tensor, alpha: torch.Tensor) -> torch.Tensor:
    alpha = alpha.view(1, -1, 1)
    return x + (1 / (alpha + 1e-9)) * torch.sin(x * alpha).square()


def _folded(weights: Weights) -> Weights:
    tensors = dict(weights.tensors)
    for name in [name for name in tensors if name.endswith(".weight_v")]:
        direction, gain = tensors.pop(name), tensors.pop(f"{name[:-1]}g")
        tensors[name.removesuffix("_v")] = direction * (gain / direction.norm(dim=(1, 2), keepdim=True))
    return Weights(tensors)
