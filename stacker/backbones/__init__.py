"""From pixels to features: the architectures of `keras.applications`, scaling and pooling included.

May import: `settings`, `artifacts`.
"""
