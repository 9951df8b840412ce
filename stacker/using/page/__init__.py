"""The page of `stacker demo`: what it takes, what it says of it, how that looks, and who may ask the server for what.

Only `components`, `events`, `layout` and `serving` need Gradio, which the extra `demo` brings.
"""
