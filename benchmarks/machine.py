"""Describe the machine, and measure its peak: a large matrix product in the same precision."""

import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np

PACKAGES = ("tensorflow", "keras", "openvino", "numpy", "dvc")
SIDE = 4096  # of the matrices: 2 * 4096^3 = 137 GFLOP a product


def describe_machine() -> dict[str, str]:
    """CPU, cores, memory, versions; nothing that names the host."""
    facts = _read_cpu()
    flags = facts.get("flags", "").split()
    wanted = [name for name in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if name in flags]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = [*(f"{name} {version(name)}" for name in PACKAGES), f"opencv {cv2.__version__}"]  # of whichever build
    return {
        "CPU": f"{facts.get('model name', platform.processor())}, family {facts.get('cpu family')} model "
        f"{facts.get('model')}",
        "cores": str(os.cpu_count()),
        "instructions": ", ".join(wanted) or "unknown",
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "versions": ", ".join(versions),
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


def has_amx() -> bool:
    """Has the CPU matrix instructions for bfloat16?"""
    return "amx_bf16" in _read_cpu().get("flags", "").split()


def measure_peak(precision: str, repeats: int = 5) -> float:
    """FLOP/s of a large matrix product through OpenVINO, the best of `repeats`."""
    import openvino
    from openvino import opset13

    rng = np.random.default_rng(0)
    left = opset13.parameter([SIDE, SIDE], np.float32)
    right = opset13.constant(rng.standard_normal((SIDE, SIDE), np.float32))
    kind = openvino.Type.f32 if precision == "float32" else openvino.Type.bf16
    model = openvino.Model([opset13.matmul(left, right, False, False)], [left])
    hints = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": kind}
    request = openvino.Core().compile_model(model, "CPU", hints).create_infer_request()
    values = openvino.Tensor(rng.standard_normal((SIDE, SIDE), np.float32))
    request.infer([values])
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        request.infer([values])
        best = min(best, time.perf_counter() - start)
    return 2 * SIDE**3 / best


def _read_cpu() -> dict[str, str]:
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").split("\n\n")[0].splitlines()
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
