"""What DVC runs: one script a stage, named as the stage, each a short story."""
