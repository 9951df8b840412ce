"""From pixels to features: CNNs of Keras and vision transformers, scaling and pooling included.

May import: `settings`, `artifacts`.
"""
