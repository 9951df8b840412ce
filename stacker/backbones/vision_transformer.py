"""Build a vision transformer of Keras' own layers, so that its `.h5` reloads in plain Keras.

KerasHub has these networks too, but what it saves as `.h5` plain Keras does not load. What Keras has no layer for is
made of others: a frozen BatchNormalization adds the class token and the position embeddings, and LayerScale's factors
are part of the kernel before them (`stacker.backbones.transformer_weights`).
"""

import math
import re

import keras

from stacker.settings.vision_transformers import VisionTransformer

CONSTANTS = ("positions", "probe")  # layers whose weights are numbers to add, and statistics that make it no more
BLOCK_START = re.compile(r"block_\d+_first_norm")  # names of the layers that blocks begin with
EPSILON = 0.5  # of these: with a variance of as much, in sums that float32 has exactly


def build_vision_transformer(settings: VisionTransformer, side: int, is_token: bool) -> keras.Model:
    """A network with random weights.

    Args:
        settings: which one.
        side: of the images, pixels, a multiple of the patch's.
        is_token: what it gives.

    Returns:
        A model from images, (n, side, side, 3), as `build_pixel_scaling` gives them, to one of the two: with
        `is_token` the class token, or what attention pools where there is none, (n, width); else the patches' tokens
        where they lie in the photo, (n, side / patch, side / patch, width). The layers of block i, from 0, are called
        `block_<i>_...`.
    """
    places, (width, depth, *_) = side // settings.patch, settings.size
    images = keras.Input((side, side, 3), name="images")
    patches = keras.layers.Conv2D(width, settings.patch, settings.patch, name="patches")(images)
    tokens = keras.layers.Reshape((places**2, width), name="tokens")(patches)
    tokens = _add_positions(tokens, settings.family.tokens)
    for number in range(depth):
        tokens = _build_block(tokens, settings, f"block_{number}")
    tokens = _build_norm(settings, "norm")(tokens)
    if is_token:
        pooled = _pool_by_attention(tokens, settings) if settings.family.has_pooling else _take_first(tokens)
        return keras.Model(images, pooled)
    patches = keras.layers.Cropping1D((settings.family.tokens, 0), name="without_tokens")(tokens)
    return keras.Model(images, keras.layers.Reshape((places, places, width), name="places")(patches))


def build_constant(name: str, keeps_input: bool) -> keras.layers.BatchNormalization:
    """A frozen layer that adds numbers, its `beta`, to its input, or gives these numbers alone.

    A variance of `EPSILON` and an epsilon of as much divide by 1, exactly.
    """
    return keras.layers.BatchNormalization(
        epsilon=EPSILON,
        gamma_initializer="ones" if keeps_input else "zeros",
        beta_initializer=keras.initializers.RandomNormal(stddev=0.02),
        moving_variance_initializer=keras.initializers.Constant(EPSILON),
        trainable=False,
        name=name,
    )


def freeze_constants(network: keras.Model) -> None:
    """Keep the layers that add numbers as they are: trained, they would bring every batch to mean 0 as well.

    Args:
        network: any; one that is no vision transformer has no such layers.
    """
    for layer in network.layers:
        if layer.name in CONSTANTS and isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


def _add_positions(tokens: keras.KerasTensor, before: int) -> keras.KerasTensor:
    """Put `before` tokens before the others, and add to each what tells where it lies."""
    if before:
        tokens = keras.layers.ZeroPadding1D((before, 0), name="with_tokens")(tokens)
    count, width = tokens.shape[1:]
    flat = keras.layers.Reshape((count * width,), name="flat_tokens")(tokens)
    flat = build_constant("positions", keeps_input=True)(flat)
    return keras.layers.Reshape((count, width), name="placed_tokens")(flat)


def _build_block(tokens: keras.KerasTensor, settings: VisionTransformer, name: str) -> keras.KerasTensor:
    normed = _build_norm(settings, f"{name}_first_norm")(tokens)
    attended = _build_attention(settings, f"{name}_attention")(normed, normed)
    tokens = keras.layers.Add(name=f"{name}_attended")([tokens, attended])
    normed = _build_norm(settings, f"{name}_second_norm")(tokens)
    return keras.layers.Add(name=f"{name}_end")([tokens, _build_dense(normed, settings, name)])


def _build_norm(settings: VisionTransformer, name: str) -> keras.layers.LayerNormalization:
    return keras.layers.LayerNormalization(epsilon=settings.family.epsilon, name=name)


def _build_attention(settings: VisionTransformer, name: str) -> keras.layers.MultiHeadAttention:
    size = settings.size
    return keras.layers.MultiHeadAttention(size.heads, size.width // size.heads, name=name)


def _build_dense(tokens: keras.KerasTensor, settings: VisionTransformer, name: str) -> keras.KerasTensor:
    """Two dense layers with a Gaussian error linear unit between them."""
    is_exact = settings.family.gelu == "exact"
    hidden = keras.layers.Dense(settings.size.hidden, "gelu" if is_exact else None, name=f"{name}_hidden")(tokens)
    if not is_exact:
        hidden = _approximate_gelu(hidden, f"{name}_gelu")
    return keras.layers.Dense(settings.size.width, name=f"{name}_output")(hidden)


def _approximate_gelu(values: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """The approximation by tanh (Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415), of built-in layers.

    x / 2 (1 + tanh(z)) is x sigmoid(2 z), z = sqrt(2 / pi) (x + 0.044715 x^3). No name in Keras stands for it.
    """
    twice = 2 * math.sqrt(2 / math.pi)
    squares = keras.layers.Multiply(name=f"{name}_squares")([values, values])
    factors = keras.layers.Rescaling(0.044715 * twice, twice, name=f"{name}_factors")(squares)
    scaled = keras.layers.Multiply(name=f"{name}_scaled")([values, factors])
    gates = keras.layers.Activation("sigmoid", name=f"{name}_gates")(scaled)
    return keras.layers.Multiply(name=name)([values, gates])


def _take_first(tokens: keras.KerasTensor) -> keras.KerasTensor:
    first = keras.layers.Cropping1D((0, tokens.shape[1] - 1), name="first_token")(tokens)
    return keras.layers.Flatten(name="token")(first)


def _pool_by_attention(tokens: keras.KerasTensor, settings: VisionTransformer) -> keras.KerasTensor:
    """One learnt query looks at all tokens; then dense layers as in a block (SigLIP's `MAPHead`)."""
    any_token = keras.layers.Cropping1D((0, tokens.shape[1] - 1), name="first_token")(tokens)
    probe = build_constant("probe", keeps_input=False)(any_token)
    pooled = _build_attention(settings, "pool_attention")(probe, tokens)
    normed = _build_norm(settings, "pool_norm")(pooled)
    pooled = keras.layers.Add(name="pool_end")([pooled, _build_dense(normed, settings, "pool")])
    return keras.layers.Flatten(name="token")(pooled)
