"""Frozen networks, fast: OpenVINO or Keras.

May import: `settings`, `artifacts`.
"""
