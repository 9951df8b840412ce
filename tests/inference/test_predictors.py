import keras
import numpy as np
import openvino
import pytest
from backend_marks import ENGINES, NEEDS_OPENVINO
from helpers import make_backbone_settings, make_inference

from stacker.artifacts.errors import PipelineError
from stacker.backbones.building import build_backbone
from stacker.inference.choosing import has_amx
from stacker.inference.predictors import compile_predictor
from stacker.settings.members import Head
from stacker.training.heads import assemble_member, build_head

IMAGES = np.random.default_rng(0).integers(0, 256, (11, 32, 32, 3), np.uint8)
BYTES = dict.fromkeys("ab", np.dtype(np.uint8))
HAS_BFLOAT16 = "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def build_small_member(standardize: bool = True) -> keras.Model:
    backbone = build_backbone("pet", make_backbone_settings(), 32)
    features = keras.ops.convert_to_numpy(backbone(IMAGES.astype(np.float32), training=False))
    return assemble_member("pet", backbone, build_head(Head(standardize=standardize), features, 2, seed=0))


def build_two_inputs() -> keras.Model:
    """Gives [mean of a, ten times the mean of b]: a mix-up of the inputs shows."""
    inputs = {name: keras.Input((4, 4, 3), name=name) for name in ("a", "b")}
    means = [keras.layers.GlobalAveragePooling2D()(tensor) for tensor in inputs.values()]
    mixed = keras.layers.Concatenate()([means[0], keras.layers.Rescaling(10.0)(means[1])])
    return keras.Model(list(inputs.values()), mixed, name="mixed")


def run(model: keras.Model, inputs: dict[str, np.ndarray], **settings) -> np.ndarray:
    predictor = compile_predictor(model, make_inference(**settings), {name: v.dtype for name, v in inputs.items()})
    return predictor.predict(inputs)


@NEEDS_OPENVINO
def test_openvino_gives_what_keras_gives_in_float32():
    member = build_small_member(standardize=False)  # standardising a net of random weights blows rounding up
    expected = keras.ops.convert_to_numpy(member(IMAGES.astype(np.float32), training=False))

    for engine in ("keras", "openvino"):
        received = run(member, {"pet": IMAGES}, engine=engine, batch_size=4)
        assert received.dtype == np.float32
        np.testing.assert_allclose(received, expected, rtol=0, atol=1e-3 * np.ptp(expected))  # they are small


@NEEDS_OPENVINO
def test_openvino_in_bfloat16_stays_near_where_the_cpu_has_it_and_says_so_where_not():
    member = build_small_member(standardize=False)

    if HAS_BFLOAT16:
        predictor = compile_predictor(
            member, make_inference(engine="openvino", precision="bfloat16"), {"pet": IMAGES.dtype}
        )
        expected = keras.ops.convert_to_numpy(member(IMAGES.astype(np.float32), training=False))
        np.testing.assert_allclose(predictor.predict({"pet": IMAGES}), expected, rtol=0, atol=0.1 * np.ptp(expected))
        assert predictor.precision == "bfloat16"
    else:
        with pytest.raises(PipelineError, match=r"inference\.precision: this CPU has no bfloat16"):
            run(member, {"pet": IMAGES}, engine="openvino", precision="bfloat16")


@pytest.mark.parametrize("engine", ENGINES)
def test_inputs_are_fed_by_name(engine):
    inputs = {name: np.full((5, 4, 4, 3), value, np.uint8) for name, value in (("b", 2), ("a", 1))}

    received = run(build_two_inputs(), inputs, engine=engine, batch_size=2)

    np.testing.assert_allclose(received, np.tile([1, 1, 1, 20, 20, 20], (5, 1)), rtol=1e-5)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rows", [1, 3, 4, 5, 9])
def test_the_last_batch_may_be_partial(engine, rows):
    images = np.arange(rows, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), np.uint8)

    received = run(build_two_inputs(), {"a": images, "b": images}, engine=engine, batch_size=4)

    np.testing.assert_allclose(received[:, 0], np.arange(rows), rtol=1e-5)
    np.testing.assert_allclose(received[:, 5], 10 * np.arange(rows), rtol=1e-5)


@NEEDS_OPENVINO
def test_predictors_come_and_go_without_a_crash():
    # With openvino.AsyncInferQueue the process aborted within a few of these.
    images = np.ones((3, 4, 4, 3), np.uint8)

    for _ in range(8):
        assert run(build_two_inputs(), {"a": images, "b": images}, engine="openvino")[0, 0] == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_a_memory_map_is_predicted_from(tmp_path, engine):
    np.save(tmp_path / "images.npy", np.ones((3, 4, 4, 3), np.uint8))
    images = np.load(tmp_path / "images.npy", mmap_mode="r")

    assert run(build_two_inputs(), {"a": images, "b": images}, engine=engine)[2].tolist() == [1, 1, 1, 10, 10, 10]


@pytest.mark.parametrize("names", [{"a"}, {"a", "c"}, {"a", "b", "c"}])
def test_wrong_inputs_are_named(names):
    with pytest.raises(PipelineError, match=r"mixed takes the inputs \['a', 'b'\], received"):
        compile_predictor(build_two_inputs(), make_inference(), dict.fromkeys(names, np.dtype(np.uint8)))


def test_keras_in_bfloat16_names_the_setting():
    with pytest.raises(PipelineError, match=r"inference\.precision: bfloat16 needs the engine openvino"):
        run(build_two_inputs(), dict.fromkeys("ab", IMAGES), engine="keras", precision="bfloat16")


@NEEDS_OPENVINO
def test_auto_runs_in_what_is_faster_here_and_says_in_what():
    predictor = compile_predictor(build_two_inputs(), make_inference(engine="openvino", precision="auto"), BYTES)

    assert predictor.precision == ("bfloat16" if has_amx() else "float32")


@NEEDS_OPENVINO
def test_bfloat16_by_hand_is_warned_of_where_it_is_slower(capsys):
    if not HAS_BFLOAT16 or has_amx():
        pytest.skip("this CPU has AMX, or no bfloat16 at all")
    compile_predictor(build_two_inputs(), make_inference(engine="openvino", precision="bfloat16"), BYTES)

    assert (
        "warning: inference.precision: bfloat16 is slower than float32 on a CPU without AMX" in capsys.readouterr().out
    )


@NEEDS_OPENVINO
def test_an_export_that_fails_names_the_way_out():
    class Odd(keras.layers.Layer):
        def call(self, images):
            raise NotImplementedError("odd")

        def compute_output_shape(self, shape):
            return (None, 2)

        def compute_output_spec(self, images):
            return keras.KerasTensor((None, 2), images.dtype)

    images = keras.Input((4, 4, 3), name="a")
    model = keras.Model(images, Odd()(images), name="odd")

    with pytest.raises(PipelineError, match=r"(?s)odd cannot be exported to OpenVINO .*`inference\.engine: keras`"):
        run(model, {"a": np.zeros((2, 4, 4, 3), np.uint8)}, engine="openvino")


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_openvino_is_for_tensorflow_and_the_refusal_says_so(monkeypatch, backend):
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)

    with pytest.raises(
        PipelineError, match=rf"openvino needs `backend: tensorflow`, received {backend}: set `inf.* auto"
    ):
        run(build_two_inputs(), dict.fromkeys("ab", IMAGES), engine="openvino")
