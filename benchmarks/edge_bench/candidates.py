"""Candidate networks as short words, so that a command line can hold one.

Layers from the picture on, a word each::

    c<kernel>[s<stride>][v]-<filters>  convolution, batch-norm, ReLU; same or (v) valid padding
    d<kernel>[s<stride>][v]            the same, depthwise
    p<size>                            max-pooling
    gap | gdw | flat                   from a plane to features: mean; a learned weighted mean
                                       (a depthwise convolution over the whole plane, with
                                       batch-norm); all of it
    fc-<units>                         dense layer, ReLU
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from edge_infer.errors import UsageError

# Today's edge, once softened: what the others are compared with.
REFERENCE: Final = "c6s2v-32 c3s2-48 c3-48 c3v-80 gdw"
CANDIDATES: Final = {
    "nano": (
        "c5s2-16 c3-16 p2 c3-32 gap",
        "c4s2-16 c3-16 p2 c3-32 gap",
        "c3s2-16 c3-16 p2 c3-32 gap",
        "c3-8 p2 c3-16 p2 c3-24 c3v-24 gap",
        "c5s2-8 c3-16 p2 c3-32 gap",
        "c6s2-16 c3-16 p2 c3-16 c3v-16 gap",
        "c6s2-16 c3-16 p2 c3-16 c3v-16 gdw",
        "c6s2-16 c3-16 p2 c3-16 c3-16 c3v-16 gap",
        "c6s2-16 c3-16 c3s2-16 c3-16 c3v-16 gap",
        "c6s2v-16 c3-16 c3s2-16 c3-16 c3v-16 gap",
        "c6s2-16 c3-12 p2 c3v-16 c3v-16 flat",
        "c6s2-16 c3s2-16 c3-24 gap",
        "c6s2-16 c3s2-24 c3-24 gap",
        "c6s2-16 c3s2-16 c3-16 c3v-24 gap",
        "c6s2-16 c3s2-16 c3-16 c3-16 c3v-16 gap",
        "c6s2-16 c3s2-16 c3v-16 flat",
        "c6s2-16 d3 c1-32 p2 d3 c1-48 d3v c1-64 gap",
    ),
    "edge": (
        "c5s2-8 c3-32 p2 c3-64 c3v-64 gap",
        "c5s2-24 c3-32 p2 c3-64 c3v-64 gap",
        "c5s2-20 c3-36 p2 c3-60 c3v-60 gap",
        "c3s2-16 c3-32 p2 c3-64 c3v-64 gap",
        "c4s2-16 c3-32 p2 c3-64 c3v-64 gap",
        "c6s2-16 c3-32 p2 c3-64 c3v-64 gap",
        "c6s2-32 c3-32 p2 c3-64 c3v-64 gap",
        "c3-16 p2 c3-32 p2 c3-64 c3v-64 gap",
        "c6s2-16 c3-32 p2 c3-48 c3-48 c3v-48 gap",
        "c6s2-16 c3-16 c3-32 p2 c3-64 c3v-64 gap",
        "c6s2-16 c3s2-32 c3-64 c3v-64 gap",
        "c6s2-16 c3s2-32 c3-48 c3-48 c3v-48 gap",
        "c6s2-32 c3s2-32 c3-64 c3v-64 gap",
        "c6s2-32 c3s2-48 c3-48 c3v-48 gap",
        "c6s2-32 c3s2-48 c3-48 c3v-48 gdw",
        "c6s2v-32 c3s2-48 c3-48 c3v-48 gdw",
        "c6s2v-32 c3s2-48 c3-64 c3v-48 gdw",
        "c5s2-16 c3-32 p2 c3-64 c3v-64 gap",
        "c6s2-32 c3s2-48 c3-48 c3v-32 flat",
    ),
}
_WORD: Final = re.compile(
    r"(?P<kind>c|d|p)(?P<size>[1-9]\d*)(s(?P<stride>[1-9]))?(?P<valid>v)?(-(?P<filters>[1-9]\d*))?"
    r"|fc-(?P<units>[1-9]\d*)|(?P<head>gap|gdw|flat)"
)


@dataclass(frozen=True)
class Layer:
    """One word of a candidate: ``kind`` c, d, p, fc, gap, gdw or flat, and its numbers."""

    kind: str
    size: int = 0
    stride: int = 1
    filters: int = 0
    padding: str = "same"


def parse(spec: str) -> list[Layer]:
    """Read a candidate.

    Raises:
        UsageError: A word is none of those in the module's docstring, or none makes
            features of the planes.
    """
    layers = [_parse_word(word, spec) for word in spec.split()]
    heads = [number for number, layer in enumerate(layers) if layer.kind in {"gap", "gdw", "flat"}]
    if len(heads) != 1 or any(layer.kind != "fc" for layer in layers[heads[0] + 1 :]):
        raise UsageError(
            f"{spec!r} needs one of gap, gdw and flat, with nothing but fc-<units> behind it"
        )
    if any(layer.kind == "fc" for layer in layers[: heads[0]]):
        raise UsageError(f"{spec!r} has a dense layer before gap, gdw or flat")
    return layers


def _parse_word(word: str, spec: str) -> Layer:
    match = _WORD.fullmatch(word)
    if match is None:
        raise UsageError(f"{word!r} in {spec!r} is no layer: expected c5s2-16, d3, p2, gap, ...")
    if match["head"]:
        return Layer(match["head"])
    if match["units"]:
        return Layer("fc", filters=int(match["units"]))
    if (match["kind"] == "c") != bool(match["filters"]):
        raise UsageError(f"{word!r} in {spec!r}: filters belong to c<kernel>-<filters> alone")
    if match["kind"] == "p" and (match["stride"] or match["valid"]):
        raise UsageError(f"{word!r} in {spec!r}: pooling has neither stride nor padding")
    return Layer(
        kind=match["kind"],
        size=int(match["size"]),
        stride=int(match["stride"] or 1),
        filters=int(match["filters"] or 0),
        padding="valid" if match["valid"] else "same",
    )


def add_layers(spec: str, plane: Any) -> Any:
    """Put a candidate's Keras layers, untrained, behind a plane.

    Args:
        spec: The candidate.
        plane: From Keras, float32 [batch, height, width, channels].

    Returns:
        float32 [batch, features].

    Raises:
        UsageError: As :func:`parse`; or a layer is larger than what is left of the plane.
    """
    x = plane
    for layer in parse(spec):
        try:
            x = _add_layer(x, layer)
        except ValueError as error:
            raise UsageError(f"{spec!r}: too little is left of the plane for {layer}") from error
    return x


def _add_layer(x: Any, layer: Layer) -> Any:
    import keras

    layers = keras.layers
    if layer.kind == "p":
        return layers.MaxPooling2D(layer.size)(x)
    if layer.kind == "gap":
        return layers.GlobalAveragePooling2D()(x)
    if layer.kind == "flat":
        return layers.Flatten()(x)
    if layer.kind == "gdw":
        x = layers.DepthwiseConv2D(x.shape[1:3], use_bias=False)(x)
        return layers.Flatten()(layers.BatchNormalization()(x))
    if layer.kind == "fc":
        return layers.Dense(layer.filters, activation="relu")(x)
    # He's initialization keeps the planes' size, so that the ranges are those of a network.
    same: dict[str, Any] = {"strides": layer.stride, "padding": layer.padding, "use_bias": False}
    if layer.kind == "d":
        x = layers.DepthwiseConv2D(layer.size, depthwise_initializer="he_normal", **same)(x)
    else:
        x = layers.Conv2D(layer.filters, layer.size, kernel_initializer="he_normal", **same)(x)
    return layers.ReLU()(layers.BatchNormalization(beta_initializer="random_normal")(x))
