"""One measurement a module; each has `TITLE` and `measure`."""
