"""The pipeline against the tutorial's own procedure, and what each part of the pipeline costs."""
