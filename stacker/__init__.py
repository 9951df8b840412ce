"""The library of the pipeline, in rooms: `docs/architecture.md` begins with their picture."""
