"""Getting, finding, recognising and decoding photos.

May import: `settings`, `artifacts`.
"""
