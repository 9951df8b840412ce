"""What `params.yaml` may hold, a module a block, so that a stage depends on the blocks that it reads and no others.

May import: `artifacts`.
"""
