"""Which rows are for what: draws for the splits, folds and held-out rows for stacking.

May import: `artifacts`.
"""
