"""Combining members: the meta-model, and the simple combinations that it has to beat.

May import: `training`, `inference`, `settings`, `artifacts`.
"""
