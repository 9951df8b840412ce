"""Why a model says what it says: heat maps, and a picture a photo."""
