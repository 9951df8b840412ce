"""An address as it may stand in a message: keys and passwords stay out of logs."""

import re

USER = re.compile(r"(?<=://)[^/\s'\"]*@")
QUERY = re.compile(r"[?#][^\s'\"<>)]*")


def hide_secrets(text: str) -> str:
    """The text with every address in it cut before its query, and without user and password."""
    return QUERY.sub("", USER.sub("", text))
