"""`stacker repro`: stages side by side on Ray, on this machine or on many. Workers compute, each in a clone of its own;
what they computed goes into DVC's run-cache, from where a plain `dvc repro` takes it. So DVC alone decides what is up
to date, and computes itself whatever is missing.

May import: `planning`, `checks`, `settings`, `artifacts`.
"""
