"""Where scores and pictures are: what people look at, and `dvc metrics` and `dvc plots`."""

from pathlib import Path

METRICS = Path("metrics")
DETAILS = METRICS / "details"  # no metrics of DVC's: its tables have a column, or a line, for every key
PLOTS = Path("plots")
PLOT_DATA = PLOTS / "data"
LEADERBOARD = DETAILS / "leaderboard.json"
CROSS_VALIDATION = METRICS / "cross_validation"
