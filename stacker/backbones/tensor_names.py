"""What files with weights call the tensors of a vision transformer, as Hugging Face `transformers` saves them."""

from typing import NamedTuple


class TensorNames(NamedTuple):
    """The names of one family's tensors; those of layers go on with `.weight` and `.bias`.

    Attributes:
        prefixes: what a file may put before all of the names below, by what else it holds.
        unused: how the names of tensors begin that features have no use for, such as those of a classifier.
        patches: the convolution that makes the tokens.
        tokens: those that stand before the patches', each (1, k, width).
        positions: (..., k + patches, width), the first k for tokens.
        block: what all names of a block begin with; `{}` is its number.
        first_norm: in a block.
        query: likewise, as all below to `scales`.
        key: of the same attention.
        value: likewise.
        attended: the attention's output layer.
        second_norm: in a block.
        hidden: the first dense layer.
        output: the second one.
        scales: of LayerScale, (width,), of the attention and of the dense layers.
        norm: the last one.
        pooling: what the names of the attention that pools begin with.
    """

    prefixes: tuple[str, ...]
    unused: tuple[str, ...]
    patches: str
    tokens: tuple[str, ...]
    positions: str
    block: str
    first_norm: str
    query: str
    key: str
    value: str
    attended: str
    second_norm: str
    hidden: str
    output: str
    scales: tuple[str, ...] = ()
    norm: str = "layernorm"
    pooling: str = "head"


_VIT = TensorNames(
    prefixes=("vit.", "deit."),
    unused=("classifier.", "pooler."),
    patches="embeddings.patch_embeddings.projection",
    tokens=("embeddings.cls_token",),
    positions="embeddings.position_embeddings",
    block="encoder.layer.{}.",
    first_norm="layernorm_before",
    query="attention.attention.query",
    key="attention.attention.key",
    value="attention.attention.value",
    attended="attention.output.dense",
    second_norm="layernorm_after",
    hidden="intermediate.dense",
    output="output.dense",
)
TENSOR_NAMES = {
    "vit": _VIT,
    "dinov2": _VIT._replace(
        prefixes=("dinov2.", "dinov2_with_registers."),
        unused=("classifier.", "embeddings.mask_token"),
        tokens=("embeddings.cls_token", "embeddings.register_tokens"),
        first_norm="norm1",
        second_norm="norm2",
        hidden="mlp.fc1",
        output="mlp.fc2",
        scales=("layer_scale1.lambda1", "layer_scale2.lambda1"),
    ),
    "siglip": TensorNames(
        prefixes=("vision_model.",),
        unused=("text_model.", "logit_scale", "logit_bias", "classifier."),
        patches="embeddings.patch_embedding",
        tokens=(),
        positions="embeddings.position_embedding.weight",
        block="encoder.layers.{}.",
        first_norm="layer_norm1",
        query="self_attn.q_proj",
        key="self_attn.k_proj",
        value="self_attn.v_proj",
        attended="self_attn.out_proj",
        second_norm="layer_norm2",
        hidden="mlp.fc1",
        output="mlp.fc2",
        norm="post_layernorm",
    ),
}
