"""What a model does not know: prediction sets, and photos unlike those that it was trained on.

May import: `artifacts`.
"""
