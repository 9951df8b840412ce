"""The backbones of `keras.applications`, as plain data, so that settings are checked without importing Keras.

`tests/backbones/test_building.py` compares this table with Keras itself.
"""

from typing import NamedTuple


class Architecture(NamedTuple):
    """Where Keras keeps an architecture, and the smallest image side (pixels) that it accepts without its top."""

    module: str
    minimum_size: int = 32


ARCHITECTURES = {
    **{f"ConvNeXt{size}": Architecture("convnext") for size in ("Tiny", "Small", "Base", "Large", "XLarge")},
    **{f"DenseNet{depth}": Architecture("densenet") for depth in (121, 169, 201)},
    **{f"EfficientNetB{number}": Architecture("efficientnet") for number in range(8)},
    **{f"EfficientNetV2{size}": Architecture("efficientnet_v2") for size in ("B0", "B1", "B2", "B3", "S", "M", "L")},
    "InceptionResNetV2": Architecture("inception_resnet_v2", 75),
    "InceptionV3": Architecture("inception_v3", 75),
    "MobileNet": Architecture("mobilenet"),
    "MobileNetV2": Architecture("mobilenet_v2"),
    "MobileNetV3Large": Architecture("mobilenet_v3"),
    "MobileNetV3Small": Architecture("mobilenet_v3"),
    "NASNetLarge": Architecture("nasnet"),
    "NASNetMobile": Architecture("nasnet"),
    **{f"ResNet{depth}": Architecture("resnet") for depth in (50, 101, 152)},
    **{f"ResNet{depth}V2": Architecture("resnet_v2") for depth in (50, 101, 152)},
    "VGG16": Architecture("vgg16"),
    "VGG19": Architecture("vgg19"),
    "Xception": Architecture("xception", 71),
}
