"""How good a model is and how sure that is: scores, significance, the leaderboard as data.

May import: `artifacts`.
"""
