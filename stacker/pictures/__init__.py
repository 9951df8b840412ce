"""What people look at: pictures, and the leaderboard as text.

May import: `scoring`, `artifacts`.
"""
