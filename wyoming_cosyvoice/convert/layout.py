"""Which tensors CosyVoice-300M has, and their shapes.

A few tensors say how large the model is; from these sizes follows every other tensor's name and shape. So the full
model and a tiny one made for tests are read by the same code, and a tensor that is missing, extra or of another shape
is named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from wyoming_cosyvoice.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Shape: TypeAlias = tuple[int, ...]
Shapes: TypeAlias = "Mapping[str, Shape]"

TEXT_VOCABULARY = 51866
SPEECH_VOCABULARY = 4096
SPEAKER_WIDTH = 192
MELS = 80
HARMONICS = 9
SPECTRUM = 18
"""Real and imaginary parts of a Fourier transform over 16 samples."""
UPSAMPLE_STRIDE = 8
UPSAMPLE_KERNEL = 16
RESBLOCK_KERNELS = (3, 7, 11)
SOURCE_KERNELS = (7, 11)
DILATIONS = (1, 3, 5)
_EXPECTED = "Expected the official CosyVoice-300M files (SFT or Instruct)"


@dataclass(frozen=True, slots=True)
class EncoderSizes:
    """A stack of layers with relative positions: `norms` are the names of its two norms a layer."""

    prefix: str
    inputs: int
    width: int
    heads: int
    hidden: int
    layers: int
    norms: tuple[str, str]

    @property
    def head_width(self) -> int:
        """Width of one attention head."""
        return self.width // self.heads


@dataclass(frozen=True, slots=True)
class LanguageModelLayout:
    """Sizes of llm.pt."""

    text: EncoderSizes
    decoder: EncoderSizes


@dataclass(frozen=True, slots=True)
class EstimatorSizes:
    """Sizes of the flow's estimator; `inner` is the width of all attention heads together."""

    channels: int
    inner: int
    hidden: int
    time: int
    blocks: int
    middle: int


@dataclass(frozen=True, slots=True)
class FlowLayout:
    """Sizes of flow.pt."""

    encoder: EncoderSizes
    estimator: EstimatorSizes


@dataclass(frozen=True, slots=True)
class VocoderLayout:
    """Sizes of hift.pt: channels before the first upsampling, and of the F0 predictor."""

    channels: int
    pitch: int


def language_model_layout(shapes: Shapes, where: str) -> LanguageModelLayout:
    """Read the sizes off llm.pt's shapes and check every tensor against them."""
    if any(name.startswith("llm.model.") for name in shapes):
        raise ModelError(f"{where} is of CosyVoice 2 or 3, whose language model is another one", _EXPECTED)
    text = _encoder(shapes, "text_encoder.", ("norm_mha", "norm_ff"), where)
    decoder = _encoder(shapes, "llm.", ("norm1", "norm2"), where)
    layout = LanguageModelLayout(text, decoder)
    _compare(shapes, language_model_tensors(layout), where)
    return layout


def language_model_tensors(layout: LanguageModelLayout) -> dict[str, Shape]:
    """Return every tensor of llm.pt with its shape."""
    text, decoder = layout.text, layout.decoder
    return {
        "text_embedding.weight": (TEXT_VOCABULARY, text.inputs),
        **_linear("text_encoder_affine_layer", text.width, decoder.inputs),
        "llm_embedding.weight": (2, decoder.inputs),
        "speech_embedding.weight": (SPEECH_VOCABULARY, decoder.inputs),
        **_linear("spk_embed_affine_layer", SPEAKER_WIDTH, decoder.inputs),
        **_linear("llm_decoder", decoder.width, SPEECH_VOCABULARY + 1),
        **dict(_encoder_tensors(text)),
        **dict(_encoder_tensors(decoder)),
    }


def flow_layout(shapes: Shapes, where: str) -> FlowLayout:
    """Read the sizes off flow.pt's shapes and check every tensor against them."""
    if any(name.startswith(("encoder.up_layer", "encoder.pre_lookahead")) for name in shapes):
        raise ModelError(f"{where} is of CosyVoice 2 or 3, whose flow is another one", _EXPECTED)
    encoder = _encoder(shapes, "encoder.", ("norm_mha", "norm_ff"), where)
    prefix = "decoder.estimator."
    channels, time = _shape(shapes, f"{prefix}mid_blocks.0.0.mlp.1.weight", 2, where)
    inner, _ = _shape(shapes, f"{prefix}mid_blocks.0.1.0.attn1.to_q.weight", 2, where)
    hidden, _ = _shape(shapes, f"{prefix}mid_blocks.0.1.0.ff.net.0.proj.weight", 2, where)
    estimator = EstimatorSizes(
        channels,
        inner,
        hidden,
        time,
        _count(shapes, f"{prefix}mid_blocks.0.1."),
        _count(shapes, f"{prefix}mid_blocks."),
    )
    layout = FlowLayout(encoder, estimator)
    _compare(shapes, flow_tensors(layout), where)
    return layout


def flow_tensors(layout: FlowLayout) -> dict[str, Shape]:
    """Return every tensor of flow.pt with its shape."""
    encoder = layout.encoder
    return {
        "input_embedding.weight": (SPEECH_VOCABULARY, encoder.inputs),
        **_linear("spk_embed_affine_layer", SPEAKER_WIDTH, MELS),
        **_linear("encoder_proj", encoder.width, MELS),
        **dict(_encoder_tensors(encoder)),
        **dict(_regulator_tensors()),
        **{f"decoder.estimator.{name}": shape for name, shape in _estimator_tensors(layout.estimator)},
    }


def vocoder_layout(shapes: Shapes, where: str) -> VocoderLayout:
    """Read the sizes off hift.pt's shapes (folded: see `weights`) and check every tensor against them."""
    if "ups.2.weight" in shapes:
        raise ModelError(f"{where} is of CosyVoice 2 or 3, whose vocoder is another one (24 kHz)", _EXPECTED)
    channels, _, _ = _shape(shapes, "conv_pre.weight", 3, where)
    pitch, _, _ = _shape(shapes, "f0_predictor.condnet.0.weight", 3, where)
    layout = VocoderLayout(channels, pitch)
    _compare(shapes, vocoder_tensors(layout), where)
    return layout


def vocoder_tensors(layout: VocoderLayout) -> dict[str, Shape]:
    """Return every tensor of hift.pt with its shape, weight norms folded."""
    return dict(_vocoder_tensors(layout.channels, layout.pitch))


def _encoder(shapes: Shapes, prefix: str, norms: tuple[str, str], where: str) -> EncoderSizes:
    width, inputs = _shape(shapes, f"{prefix}embed.out.0.weight", 2, where)
    heads, _ = _shape(shapes, f"{prefix}encoders.0.self_attn.pos_bias_u", 2, where)
    hidden, _ = _shape(shapes, f"{prefix}encoders.0.feed_forward.w_1.weight", 2, where)
    if not heads or width % heads or width % 2:
        raise ModelError(f"{where} has {heads} attention heads in a width of {width} ({prefix})", _EXPECTED)
    return EncoderSizes(prefix, inputs, width, heads, hidden, _count(shapes, f"{prefix}encoders."), norms)


def _encoder_tensors(sizes: EncoderSizes) -> Iterator[tuple[str, Shape]]:
    prefix, width = sizes.prefix, sizes.width
    yield from _linear(f"{prefix}embed.out.0", sizes.inputs, width).items()
    yield from _norm(f"{prefix}embed.out.1", width).items()
    yield from _norm(f"{prefix}after_norm", width).items()
    for index in range(sizes.layers):
        layer = f"{prefix}encoders.{index}."
        yield f"{layer}self_attn.pos_bias_u", (sizes.heads, sizes.head_width)
        yield f"{layer}self_attn.pos_bias_v", (sizes.heads, sizes.head_width)
        yield f"{layer}self_attn.linear_pos.weight", (width, width)
        for name in ("linear_q", "linear_k", "linear_v", "linear_out"):
            yield from _linear(f"{layer}self_attn.{name}", width, width).items()
        yield from _linear(f"{layer}feed_forward.w_1", width, sizes.hidden).items()
        yield from _linear(f"{layer}feed_forward.w_2", sizes.hidden, width).items()
        for name in sizes.norms:
            yield from _norm(layer + name, width).items()


def _regulator_tensors() -> Iterator[tuple[str, Shape]]:
    for index in (0, 3, 6, 9):
        yield from _convolution(f"length_regulator.model.{index}", MELS, MELS, 3).items()
        yield from _norm(f"length_regulator.model.{index + 1}", MELS).items()
    yield from _convolution("length_regulator.model.12", MELS, MELS, 1).items()


def _estimator_tensors(sizes: EstimatorSizes) -> Iterator[tuple[str, Shape]]:
    width = sizes.channels
    yield from _linear("time_mlp.linear_1", 4 * MELS, sizes.time).items()
    yield from _linear("time_mlp.linear_2", sizes.time, sizes.time).items()
    yield from _stage_tensors("down_blocks.0.", 4 * MELS, sizes)
    yield from _convolution("down_blocks.0.2.conv", width, width, 3).items()
    yield from _stage_tensors("down_blocks.1.", width, sizes)
    yield from _convolution("down_blocks.1.2", width, width, 3).items()
    for index in range(sizes.middle):
        yield from _stage_tensors(f"mid_blocks.{index}.", width, sizes)
    yield from _stage_tensors("up_blocks.0.", 2 * width, sizes)
    yield from _convolution("up_blocks.0.2.conv", width, width, 4).items()
    yield from _stage_tensors("up_blocks.1.", 2 * width, sizes)
    yield from _convolution("up_blocks.1.2", width, width, 3).items()
    yield from _convolution("final_block.block.0", width, width, 3).items()
    yield from _norm("final_block.block.1", width).items()
    yield from _convolution("final_proj", width, MELS, 1).items()


def _stage_tensors(prefix: str, inputs: int, sizes: EstimatorSizes) -> Iterator[tuple[str, Shape]]:
    width = sizes.channels
    yield from _linear(f"{prefix}0.mlp.1", sizes.time, width).items()
    for name, channels in (("block1", inputs), ("block2", width)):
        yield from _convolution(f"{prefix}0.{name}.block.0", channels, width, 3).items()
        yield from _norm(f"{prefix}0.{name}.block.1", width).items()
    yield from _convolution(f"{prefix}0.res_conv", inputs, width, 1).items()
    for index in range(sizes.blocks):
        block = f"{prefix}1.{index}."
        yield from _norm(f"{block}norm1", width).items()
        yield from _norm(f"{block}norm3", width).items()
        for name in ("to_q", "to_k", "to_v"):
            yield f"{block}attn1.{name}.weight", (sizes.inner, width)
        yield from _linear(f"{block}attn1.to_out.0", sizes.inner, width).items()
        yield from _linear(f"{block}ff.net.0.proj", width, sizes.hidden).items()
        yield from _linear(f"{block}ff.net.2", sizes.hidden, width).items()


def _vocoder_tensors(channels: int, pitch: int) -> Iterator[tuple[str, Shape]]:
    half, quarter = channels // 2, channels // 4
    yield from _linear("m_source.l_linear", HARMONICS, 1).items()
    yield from _convolution("conv_pre", MELS, channels, 7).items()
    yield from _convolution("conv_post", quarter, SPECTRUM, 7).items()
    for index, (inputs, width) in enumerate(((channels, half), (half, quarter))):
        # a transposed convolution keeps its input channels first
        yield f"ups.{index}.weight", (inputs, width, UPSAMPLE_KERNEL)
        yield f"ups.{index}.bias", (width,)
        kernel = UPSAMPLE_KERNEL if index == 0 else 1
        yield from _convolution(f"source_downs.{index}", SPECTRUM, width, kernel).items()
        yield from _resblock(f"source_resblocks.{index}.", width, SOURCE_KERNELS[index])
        for number, size in enumerate(RESBLOCK_KERNELS):
            yield from _resblock(f"resblocks.{3 * index + number}.", width, size)
    for index in (0, 2, 4, 6, 8):
        yield from _convolution(f"f0_predictor.condnet.{index}", MELS if index == 0 else pitch, pitch, 3).items()
    yield from _linear("f0_predictor.classifier", pitch, 1).items()


def _resblock(prefix: str, channels: int, kernel: int) -> Iterator[tuple[str, Shape]]:
    for index in range(len(DILATIONS)):
        for number in (1, 2):
            yield from _convolution(f"{prefix}convs{number}.{index}", channels, channels, kernel).items()
            yield f"{prefix}activations{number}.{index}.alpha", (channels,)


def _linear(name: str, inputs: int, outputs: int) -> dict[str, Shape]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _convolution(name: str, inputs: int, outputs: int, kernel: int) -> dict[str, Shape]:
    return {f"{name}.weight": (outputs, inputs, kernel), f"{name}.bias": (outputs,)}


def _norm(name: str, width: int) -> dict[str, Shape]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _shape(shapes: Shapes, name: str, rank: int, where: str) -> Shape:
    shape = shapes.get(name)
    if shape is None:
        raise ModelError(f"{where} lacks the tensor {name!r} (expected with {rank} axes)", _EXPECTED)
    if len(shape) != rank or not all(shape):
        raise ModelError(f"{where} has {name!r} as {list(shape)} where {rank} axes are expected", _EXPECTED)
    return shape


def _count(shapes: Shapes, prefix: str) -> int:
    """How many numbered modules there are below `prefix`; a gap in the numbers shows as missing tensors."""
    numbers = {name[len(prefix) :].split(".", 1)[0] for name in shapes if name.startswith(prefix)}
    # a file that names a layer 10**9 must not make us list as many missing tensors
    return min(
        1 + max((int(number) for number in numbers if number.isdecimal() and len(number) < 9), default=0), len(numbers)
    )


def _compare(shapes: Shapes, expected: Shapes, where: str) -> None:
    problems = [
        f"{name!r} is missing (expected {list(shape)})"
        if name not in shapes
        else f"{name!r} is {list(shapes[name])} (expected {list(shape)})"
        for name, shape in expected.items()
        if shapes.get(name) != shape
    ]
    problems += [f"{name!r} does not belong there" for name in shapes if name not in expected]
    if problems:
        raise ModelError(f"{where} does not fit CosyVoice-300M: {listed(problems)}", _EXPECTED)


def listed(problems: list[str], limit: int = 20) -> str:
    """Join what is wrong into one sentence; beyond `limit` only say how many more there are."""
    more = f"; and {len(problems) - limit} more" if len(problems) > limit else ""
    return "; ".join(problems[:limit]) + more
