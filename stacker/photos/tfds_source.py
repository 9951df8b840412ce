"""Fetch a TensorFlow Datasets data set by name (the optional extra `tfds`)."""

from pathlib import Path

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.progress import open_progress
from stacker.settings.fetch import TfdsSource


def write_tfds(source: TfdsSource, folder: Path) -> None:
    """Write the images of a data set as files, in one folder a class; encoded images are copied byte for byte.

    Args:
        source: name, split, and the keys of image and label.
        folder: where the class folders go.

    Raises:
        PipelineError: the extra is not installed, or there is no such data set, split or key, or it cannot download.
    """
    try:
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise PipelineError(
            f"fetch.*.kind: tfds needs the extra `tfds`, which is not installed ({error}): pip install -e '.[tfds]'"
        ) from None
    name = f"{source.name}:{source.version}" if source.version else source.name
    try:
        builder = tfds.builder(name)
        features = builder.info.features
        for key in (source.image_key, source.label_key):
            if key not in features:
                raise PipelineError(f"{name} has no key {key!r}: choose from {', '.join(features)}")
        builder.download_and_prepare()
        examples = builder.as_dataset(
            split=source.split, decoders={source.image_key: tfds.decode.SkipDecoding()}, shuffle_files=False
        )
    except (tfds.core.DatasetNotFoundError, tfds.core.registered.DatasetNotFoundError):
        raise PipelineError(
            f"fetch.*.name: TensorFlow Datasets has no {name!r}; its catalogue lists those it has"
        ) from None
    except (OSError, ValueError, ConnectionError) as error:
        raise PipelineError(
            f"TensorFlow Datasets could not provide {name!r}, split {source.split!r}: {error}. It downloads, which "
            "needs a network; or put the photos into class folders yourself and set `fetch: {}`"
        ) from None
    classes = features[source.label_key].names
    suffix = features[source.image_key].encoding_format or "png"
    with open_progress(f"{name}: writing", max(0, int(examples.cardinality())), "photos") as bar:
        for number, example in enumerate(examples.as_numpy_iterator()):
            path = folder / classes[int(example[source.label_key])] / f"{number:06d}.{suffix}"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(example[source.image_key])
            bar.update()
