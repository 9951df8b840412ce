"""What happens before work: which code and packages a stage runs, whether this machine has them, the command line,
and what of native code's log is shown.

May import: `settings`, `artifacts`.
"""
