"""Which photos without a label to label next."""
