"""What maintainers run: drawings, tables and schemas for the docs, lock files."""
