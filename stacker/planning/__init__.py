"""What `dvc repro` would do now, and why: DVC's own status and graph, thought through to the end before a run. And is
DVC's cache as it was stored?

May import: `checks`, `settings`, `artifacts`.
"""
