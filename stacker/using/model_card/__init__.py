"""The model card: from `metrics/` and `dvc.lock` alone."""
