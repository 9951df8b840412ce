"""What one has to know to get the same answers from an export: in words."""

from pathlib import Path

from stacker.artifacts.descriptions import Description, Thresholds
from stacker.artifacts.preparation import Preparation
from stacker.artifacts.terminal import escape_line
from stacker.photos.decoding import MARGIN
from stacker.using.exporting.contract import FROM_FILES, GROWS_BY, NETWORK
from stacker.using.exporting.formats import FORMATS
from stacker.using.exporting.quantised import Quantised

FITS = {
    "stretch": "It is stretched to the square, whatever its own shape.",
    "crop": "Its centre is cut out: a square of its shorter side. The cut begins at whole pixels; of a large photo\n"
    "   that is no JPEG, at a multiple of the factor by which a JPEG of its size would be reduced.",
    "pad": "It is brought to fit into the square, and black is put around it, half on each side.",
}
PAGE = """# {label} for {runtime}

`{file}` is the {kind} `{label}` of {members}. It tells {classes}.

```
pip install {distribution} numpy opencv-python-headless pillow
python example.py
```

`example.py` needs nothing else, and checks itself on the photos of `golden/`, whose answers are in
`golden/expected.json`: it prints the largest difference of a probability, and fails above {from_files:g}. For photos of
your own:

```python
import numpy as np
from example import predict, prepare

print(predict(np.stack([prepare("photo.jpg")])))
```

`contract.json` says the same as this page, for programs.
{precision}
## What it takes

{inputs}, {dtype}, (photos, {side}, {side}, 3): rows, columns, then red, green and blue, 0 to 255. Scaling is inside.
Any number of photos at a time.

This is how a photo becomes that; another way gives other answers:

1. **Decode** all of its pixels. The orientation that EXIF notes is applied. Grey becomes red = green = blue. Colour
   profiles are not looked at. What is transparent is laid on the background {background}.
   {depth}
2. **Reduce a large JPEG** while it is decoded, by libjpeg's scaling: by the largest of 2, 4 and 8 with which its
   {least} side stays no smaller than {margin:g} x {side} px; one that EXIF turns, only by what divides its width and
   height. It saves time. Leaving it out moved a probability of the golden photos by up to {effect:.1e}.
3. **Bring it to {side} x {side} px.** {fit}
   What shrinks is averaged over the area of each new pixel (OpenCV's `INTER_AREA`), along each axis on its own; what
   grows is interpolated after that (`{grows_by}`). Ways to shrink that skip pixels, as bilinear ones do, give other
   answers.

`golden/prepared.npy` holds the golden photos prepared so, uint8: if a port gives other answers, it tells whether the
preparation is to blame, or the network, which is to agree within {network:g} on them.

## What it gives

- `probabilities`, float32, (photos, {count}): of {classes}, in this order.
- `novelty`, float32, (photos, 1): how unlike the training photos a photo is; 1 is typical.

{doubt}
"""
INT8 = """
## In int8

The backbones count in 8-bit integers, whose scales were set by {calibration_photos} photos of the train split; the rest
in float32. Through it went {photos} test photos, and through the model that was exported:

| | |
|---|---|
| accuracy | {accuracy:.2%}, of the model {float32_accuracy:.2%} |
| decisions that are equal | {equal_decisions:.2%} |
| difference of a probability | {mean_difference:.1e} in the mean over the photos, {largest_difference:.1e} at most |

The answers in `golden/` are its own. A CPU with other instructions for 8 bits than the one that it was written on (with
VNNI, or without) rounds elsewhere: there single photos move about as far as above, and `example.py` says so.
"""


def write_words(
    path: Path,
    name: str,
    description: Description,
    inputs: list[str],
    dtype: str,
    effect: float,
    quantised: Quantised | None = None,
) -> None:
    """Write the README of an export; arguments as in `write_contract`."""
    preparation, listed = description.preparation, [show_code(one) for one in description.classes]
    path.write_text(
        PAGE.format(
            label=description.label,
            kind=description.kind,
            runtime=FORMATS[name].runtime,
            file=FORMATS[name].file,
            distribution=FORMATS[name].distribution,
            members=", ".join(member.backbone for member in description.members.values()),
            classes=", ".join(listed[:-1]) + f" and {listed[-1]}",
            count=len(listed),
            inputs=f"One image, `{inputs[0]}`" if len(inputs) == 1 else describe_inputs(inputs),
            dtype=dtype,
            side=preparation.side,
            background=f"({', '.join(map(str, preparation.background))})",
            depth=describe_depth(preparation),
            least="longer" if preparation.fit == "pad" else "shorter",
            margin=MARGIN,
            effect=effect,
            fit=FITS[preparation.fit],
            grows_by=GROWS_BY[preparation.interpolation],
            from_files=FROM_FILES,
            network=NETWORK,
            precision="" if quantised is None else INT8.format(**quantised._asdict()),
            doubt=describe_doubt(description.thresholds),
        ),
        encoding="utf-8",
    )


def show_code(name: str) -> str:
    """A class's name as code in markdown, where nothing but a backtick has a meaning."""
    return f"`{escape_line(name).replace('`', 'ˋ')}`"


def describe_inputs(inputs: list[str]) -> str:
    return f"{len(inputs)} images, one a member, {', '.join(f'`{name}`' for name in inputs)}: the same photo for all"


def describe_depth(preparation: Preparation) -> str:
    """What becomes of 16 bits a channel."""
    if preparation.bit_depth is None:
        return "Of 16 bits a channel, the bits that the largest value of the photo fills (8 at least) become 0 to 255."
    return f"Of 16 bits a channel, {2**preparation.bit_depth - 1:,} becomes 255, and what is more, too."


def describe_doubt(thresholds: Thresholds) -> str:
    """How to say "I do not know"."""
    level, least = thresholds.level, thresholds.sets[thresholds.level]
    sets = (
        f"Of photos like those that it was trained on, {float(level):.0%} have their right class among those with a\n"
        f"probability of at least {least:.4g}, to which the most likely one always belongs: name them all.\n"
        f"`contract.json` has the thresholds of other levels."
    )
    if thresholds.novelty is None:
        return f"{sets}\nThere were too few photos to find a threshold of the novelty."
    return f"{sets}\nWhere the novelty is above {thresholds.novelty:.4g}, say that the photo shows none of the classes."
