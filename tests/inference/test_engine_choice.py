import keras
import pytest
from backend_marks import BACKEND
from helpers import make_inference

from stacker.inference import choosing
from stacker.inference.choosing import choose_engine, has_accelerator, has_amx, settle_precision

# what Linux says of an Intel Xeon of 2023, and of the same in a virtual machine that hides AMX
WITH_AMX = "flags\t\t: fpu avx512f avx512_bf16 amx_bf16 avx512_fp16 amx_tile amx_int8\nbugs\t\t: spectre_v1\n"
WITHOUT_AMX = "flags\t\t: fpu avx512f avx512_bf16 avx512_fp16\nbugs\t\t: spectre_v1\n"


@pytest.fixture
def write_cpu_info(tmp_path, monkeypatch):
    """Let this machine's CPU have what a text in the way of Linux says."""
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)

    def write(text: str) -> None:
        (tmp_path / "cpuinfo").write_text(text)
        monkeypatch.setattr(choosing, "CPU_INFO", tmp_path / "cpuinfo")

    return write


@pytest.mark.parametrize("engine", ["keras", "openvino"])
def test_choose_engine_keeps_what_is_named(engine):
    assert choose_engine(engine) == engine


@pytest.mark.skipif(BACKEND != "tensorflow", reason="Keras lists the devices of TensorFlow alone without fail")
def test_choose_engine_takes_openvino_unless_keras_has_an_accelerator():
    accelerators = keras.distribution.list_devices("gpu") + keras.distribution.list_devices("tpu")

    assert choose_engine("auto") == ("keras" if accelerators else "openvino")
    assert has_accelerator() is bool(accelerators)


@pytest.mark.skipif(BACKEND == "tensorflow", reason="there OpenVINO is the choice without an accelerator")
def test_choose_engine_takes_keras_on_other_backends_also_without_an_accelerator():
    assert has_accelerator() is False  # such machines run the tests
    assert choose_engine("auto") == "keras"


@pytest.mark.parametrize(("text", "expected"), [(WITH_AMX, True), (WITHOUT_AMX, False), ("", False)])
def test_amx_is_read_from_what_linux_says(write_cpu_info, text, expected):
    write_cpu_info(text)

    assert has_amx() is expected


def test_no_amx_is_known_of_where_there_is_no_linux(tmp_path, monkeypatch):
    monkeypatch.setattr(choosing, "CPU_INFO", tmp_path / "cpuinfo")

    assert has_amx() is False


@pytest.mark.parametrize(
    ("limit", "expected"), [("DEFAULT", True), ("avx10_1_512_amx", True), ("AVX512_CORE_BF16", False), ("SSE41", False)]
)
def test_a_limit_on_instructions_holds_for_amx_too(write_cpu_info, monkeypatch, limit, expected):
    write_cpu_info(WITH_AMX)
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", limit)

    assert has_amx() is expected


@pytest.mark.parametrize(
    ("text", "engine", "made_in", "expected"),
    [
        (WITH_AMX, "openvino", "", "bfloat16"),
        (WITH_AMX, "keras", "", "float32"),
        (WITHOUT_AMX, "openvino", "", "float32"),
        (WITHOUT_AMX, "openvino", "bfloat16", "bfloat16"),  # the features come from another machine
        (WITH_AMX, "openvino", "float32", "float32"),
    ],
)
def test_auto_is_bfloat16_where_that_is_faster_and_what_the_features_are_where_there_are_some(
    write_cpu_info, text, engine, made_in, expected
):
    write_cpu_info(text)

    settled = settle_precision(make_inference(precision="auto", engine=engine, batch_size=7), made_in)

    assert settled == make_inference(precision=expected, engine=engine, batch_size=7)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_precision_that_is_named_is_kept(write_cpu_info, precision):
    write_cpu_info(WITH_AMX if precision == "float32" else WITHOUT_AMX)

    assert settle_precision(make_inference(precision=precision)).precision == precision


def test_int8_is_for_what_is_quantised_alone(write_cpu_info):
    write_cpu_info(WITH_AMX)
    inference = make_inference(precision="int8")

    assert settle_precision(inference, can_quantise=True).precision == "int8"
    assert settle_precision(inference).precision == "float32"
    assert settle_precision(inference, made_in="int8").precision == "float32"
