"""What people look for in `params.yaml` and this project does not do: said in so many words."""

LOSS = "another loss than cross-entropy"
LABELS = "labels from a file, or several a photo; its one label is the folder that a photo lies in"
TASK = "regression, detection, segmentation, or several labels a photo"
RECTANGLE = "rectangles; `image_size` is the side of a square, and `data.fit` says how a photo becomes one"
CHANNELS = "other channels than red, green and blue; a grey photo is read as three equal ones"

UNSUPPORTED = {
    **dict.fromkeys(("loss", "losses", "loss_function", "criterion", "objective"), LOSS),
    **dict.fromkeys(("labels", "label_file", "labels_file", "labels_csv", "csv", "annotations", "targets"), LABELS),
    **dict.fromkeys(("multi_label", "multilabel", "multi_hot", "task", "problem", "regression", "target"), TASK),
    **dict.fromkeys(("boxes", "masks", "segmentation", "detection"), TASK),
    **dict.fromkeys(("height", "width", "image_height", "image_width", "input_shape", "target_size"), RECTANGLE),
    **dict.fromkeys(("channels", "color_mode", "colour_mode", "grayscale", "greyscale"), CHANNELS),
}


def find_unsupported(key: str) -> str:
    """Why there is no setting called `key`; empty where that is no common wish."""
    wish = UNSUPPORTED.get(key.casefold().replace("-", "_"))
    return _refuse(wish) if wish else ""


def find_unsupported_value(key: str, value: object) -> str:
    """Why a setting called `key` does not take `value`; empty where that is no common wish."""
    is_rectangle = isinstance(value, list) or (isinstance(value, str) and "x" in value.casefold())
    if key == "image_size" and is_rectangle:
        return _refuse(RECTANGLE)
    if key == "output" and value in ("linear", "identity"):
        return _refuse(TASK)
    return ""


def _refuse(wish: str) -> str:
    return f"not supported: {wish}; see README"
