"""What a member is made of, a backbone and a head, built anew for every fit and every time the same."""

import keras
import numpy as np

from stacker.backbones.building import build_backbone
from stacker.settings.members import Member, choose_solver
from stacker.settings.training import FineTune
from stacker.training.heads import assemble_member, build_head, unfreeze_layers
from stacker.training.member_data import MemberData
from stacker.training.policy import choose_policy


class MemberParts:
    """Builds the parts of one member.

    Attributes:
        label: the member's.
        settings: the member's, complete.
        data: what it is trained on.
    """

    def __init__(self, label: str, settings: Member, data: MemberData):
        self.label = label
        self.settings = settings
        self.data = data
        self._looked_at: keras.Model | None = None
        self._layer_names: list[str] = []

    def look_at_backbone(self) -> keras.Model:
        """A backbone to look at, to be left as it is: the next `build_backbone` gives this very one.

        So a look costs no network more. It would not do to build one for it alone: Keras numbers the names of layers
        through all networks of a process, and the names stand in the saved file.
        """
        if self._looked_at is None:
            self._looked_at = self.build_backbone()
        return self._looked_at

    def build_backbone(self) -> keras.Model:
        """The backbone, from images, (n, side, side, 3), RGB, 0-255, to features, (n, f), float32.

        Raises:
            PipelineError: the weights file does not fit the architecture.
        """
        if self._looked_at is not None:
            backbone, self._looked_at = self._looked_at, None
            return backbone
        keras.config.set_dtype_policy(choose_policy(self.settings))
        backbone = build_backbone(self.label, self.settings.backbone, self.data.images["train"].shape[1])
        keras.config.set_dtype_policy("float32")
        self._layer_names = self._layer_names or [layer.name for layer in backbone.get_layer("network").layers]
        return backbone

    def unfreeze(self, network: keras.Model, fine_tune: FineTune) -> None:
        """Make the layers of `network` trainable that `fine_tune` asks for, and no other.

        A name is one of the network that was built first: of the same layer in a later one Keras may have made
        another, such as conv2d_187 for conv2d_93.

        Raises:
            PipelineError: no layer has that name, or none of those asked for has weights to train.
        """
        unfreeze_layers(network, fine_tune, self._layer_names)

    def build_head(self, rows: np.ndarray, width: int) -> keras.Model:
        """The head, from features, (n, width), float32, to logits, (n, 1) or (n, classes).

        Args:
            rows: int64, (m,), of the train split: what a standardising head takes its statistics from.
            width: features an image.

        Raises:
            PipelineError: a sigmoid for more than two classes.
        """
        features = self.data.features.get("train", np.empty((0, width), np.float32))
        head = self.settings.head
        if choose_solver(self.settings) == "lbfgs":  # which is for standardised features
            head = head.model_copy(update={"standardize": True})
        return build_head(head, features, self.data.class_count, self.settings.training.seed, rows)

    def assemble(self, backbone: keras.Model, head: keras.Model) -> keras.Model:
        """The member whole, from images to logits; its input is called as the member is."""
        return assemble_member(self.label, backbone, head)
