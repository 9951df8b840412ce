"""`python -m stacker` is the console script `stacker`."""

from stacker.cli import main

main()
