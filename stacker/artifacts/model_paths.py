"""Where the saved models are. Apart from `saved_models`, so that who needs the path alone imports no Keras."""

from pathlib import Path

MODELS = Path("models")
MEMBERS = MODELS / "members"
