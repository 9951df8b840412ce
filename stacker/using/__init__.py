"""Use what was trained: predictions with their sets, explanations, exports, the model card, the page.

May import: every room but `stages` and `cli`.
"""
