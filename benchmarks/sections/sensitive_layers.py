"""MobileNetV2 in bfloat16: how near predictions come to float32's as more of its first layers stay in float32."""

import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.photos import Bench
from benchmarks.results import Result, Table
from benchmarks.sections.inference import BATCH, Photos, build_member_backbone, load_photos
from stacker.artifacts.errors import PipelineError
from stacker.inference.openvino_export import export_openvino

TITLE = "Layers that do not bear bfloat16"
MEMBER = "mobilenet_v2"
BAR = 0.02  # of a probability
CONVOLUTION, DEPTHWISE, SCALING = "Convolution", "GroupConvolution", "MatMul"
KEPT = {  # what stays in float32, and how many of the first convolutions that is
    "nothing": 0,
    "pixel scaling, the first convolution, the first depthwise one": 2,
    "all before the second depthwise convolution": 4,
    "all before the first residual addition": 7,
}


class Graph(NamedTuple):
    """A network that OpenVINO has fused already, as it is written to files; the names of its layers in their order."""

    path: Path
    convolutions: list[str]
    depthwise: list[str]
    scaling: list[str]
    octaves: float


def measure(bench: Bench) -> Result:
    """Speed and predictions at each side, by what stays in float32."""
    columns = ["side", "in float32", "photos a second", "cosine", "largest difference", "within 0.02", "accuracy"]
    table = Table(columns, [])
    for side in bench.sizes:
        photos = load_photos(bench, side)
        graph = write_graph(bench, side)
        whole = compile_graph(graph, [], "f32")
        head = fit_head(predict(whole, photos.train)[0], photos)
        wanted, rate = predict(whole, photos.test)
        table.rows.append([side, "all", rate, *compare(wanted, wanted, head, photos)])
        kept = {name: [*graph.scaling, *graph.convolutions[:count]] if count else [] for name, count in KEPT.items()}
        for name, layers in {**kept, "the depthwise convolutions alone": graph.depthwise}.items():
            received, rate = predict(compile_graph(graph, layers, "bf16"), photos.test)
            table.rows.append([side, name, rate, *compare(received, wanted, head, photos)])
    how = "natively" if is_native() else "imitated, as this CPU has none, so that photos a second say nothing here"
    notes = [
        f"bfloat16 is run {how}. A logistic regression on the standardised float32 features of 200 photos, applied to "
        "the features of each run; `cosine` is the mean of the features' with those of float32, `within 0.02` the "
        "share of photos whose probability moves by no more. The largest weights of the channels of the first "
        f"depthwise convolution, normalisation included, lie {graph.octaves:.1f} octaves apart.",
    ]
    return Result(TITLE, notes, [table], [])


def is_native() -> bool:
    """Has this CPU instructions for bfloat16?"""
    import openvino

    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def write_graph(bench: Bench, side: int) -> Graph:
    """Export the backbone, let OpenVINO fuse it, and write it: what is marked before it is fused loses its mark."""
    import openvino
    from openvino._offline_transformations import apply_moc_transformations

    backbone = build_member_backbone(bench, MEMBER, side)
    network = export_openvino(backbone, openvino.Core())
    network.reshape({MEMBER: [BATCH, side, side, 3]})
    apply_moc_transformations(network, cf=True)
    path = bench.scratch / f"{MEMBER}-{side}.xml"
    openvino.save_model(network, path, compress_to_fp16=False)
    kinds = [(layer.get_type_name(), layer.get_friendly_name()) for layer in network.get_ordered_ops()]
    convolutions, depthwise, scaling = (
        [name for kind, name in kinds if kind in chosen]
        for chosen in ((CONVOLUTION, DEPTHWISE), (DEPTHWISE,), (SCALING,))
    )
    return Graph(path, convolutions, depthwise, scaling, measure_octaves(backbone))


def measure_octaves(backbone: keras.Model) -> float:
    """How far the largest weights of the channels of the first depthwise convolution lie apart."""
    network = backbone.get_layer("network")
    first = next(layer for layer in network.layers if isinstance(layer, keras.layers.DepthwiseConv2D))
    normalisation = network.get_layer(f"{first.name}_BN")
    scale = normalisation.gamma / np.sqrt(normalisation.moving_variance + normalisation.epsilon)
    largest = np.abs(np.asarray(first.kernel)).max(axis=(0, 1, 3)) * np.abs(np.asarray(scale))
    return float(np.ptp(np.log2(largest)))


def compile_graph(graph: Graph, kept: Sequence[str], precision: str) -> Any:
    """Compile it in `precision`, the layers of the names in `kept` in float32.

    OpenVINO's mark for such a layer is the attribute `precise` (its `disable_fp16_compression.hpp`), which Python can
    set in the file alone.

    Raises:
        PipelineError: this CPU runs float32 instead, as one without AVX-512 does.
    """
    import openvino

    tree = ElementTree.parse(graph.path)  # noqa: S314 # written above
    for layer in tree.iterfind("layers/layer"):
        if layer.get("name") in kept:
            information = layer.find("rt_info")
            information = ElementTree.SubElement(layer, "rt_info") if information is None else information
            ElementTree.SubElement(information, "attribute", name="precise", version="0")
    core = openvino.Core()
    network = core.read_model(ElementTree.tostring(tree.getroot()), graph.path.with_suffix(".bin").read_bytes())
    preprocessor = openvino.preprocess.PrePostProcessor(network)
    preprocessor.input(0).tensor().set_element_type(openvino.Type.u8)
    wanted = getattr(openvino.Type, precision)
    hints = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": wanted}
    compiled = core.compile_model(preprocessor.build(), "CPU", hints)
    if compiled.get_property("INFERENCE_PRECISION_HINT") != wanted:
        raise PipelineError("this CPU can neither run bfloat16 nor imitate it: take one with AVX-512")
    return compiled


def predict(compiled: Any, images: np.ndarray) -> tuple[np.ndarray, float]:
    """Features, float32, (n, width), and photos a second, one batch after the other."""
    request = compiled.create_infer_request()
    features = []
    started = time.perf_counter()
    for start in range(0, len(images), BATCH):
        rows = np.minimum(np.arange(start, start + BATCH), len(images) - 1)  # the last photo fills the last batch
        features.append(request.infer({0: images[rows]})[0].copy())
    seconds = time.perf_counter() - started
    return np.concatenate(features)[: len(images)], len(images) / seconds


def fit_head(features: np.ndarray, photos: Photos) -> Pipeline:
    """A linear head on float32 features of the training photos."""
    head = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=5000))
    return head.fit(features, photos.train_labels)


def compare(received: np.ndarray, wanted: np.ndarray, head: Pipeline, photos: Photos) -> list[float | str]:
    """Cells: cosine, largest difference of a probability, share within the bar, accuracy."""
    cosine = np.sum(received * wanted, axis=1) / np.linalg.norm(received, axis=1) / np.linalg.norm(wanted, axis=1)
    ours, theirs = (head.predict_proba(features)[:, 1] for features in (received, wanted))
    difference = np.abs(ours - theirs)
    accuracy = float(np.mean((ours > 0.5) == photos.test_labels))
    cells = [f"{cosine.mean():.5f}", f"{difference.max():.3f}", f"{np.mean(difference <= BAR):.1%}"]
    return [*cells, f"{accuracy:.4f} (n {len(ours)})"]
