"""Where scores and pictures are: what people look at, and `dvc metrics` and `dvc plots`."""

from pathlib import Path

METRICS = Path("metrics")
PLOTS = Path("plots")
CONFUSION = PLOTS / "confusion"
ROC = PLOTS / "roc"
CROSS_VALIDATION = METRICS / "cross_validation"
