"""What happens before work: which code and packages a stage runs, whether this machine has them, the command line.

May import: `settings`, `artifacts`.
"""
