"""The pipeline's stages, one script each, and the few modules that they share."""
