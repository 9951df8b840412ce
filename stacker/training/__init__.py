"""Heads, fits, fine-tuning: all that learns from photos or features.

May import: `inference`, `backbones`, `splits`, `settings`, `artifacts`.
"""
