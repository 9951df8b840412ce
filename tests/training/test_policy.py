import pytest
from helpers import make_member

from stacker.training.policy import choose_policy, name_precision


@pytest.mark.parametrize(
    ("training", "backbone", "policy", "inference", "named"),
    [
        ({"precision": "mixed_bfloat16"}, {}, "float32", "float32", "float32"),  # no network is trained
        ({"precision": "mixed_bfloat16"}, {"trainable": True}, "mixed_bfloat16", "float32", "bfloat16"),
        ({"precision": "mixed_float16", "augmentation": {}}, {}, "mixed_float16", "float32", "float16"),
        ({"precision": "mixed_float16", "augmentation": {}}, {}, "mixed_float16", "bfloat16", "bfloat16"),
        ({"precision": "auto_bfloat16"}, {"trainable": True}, "float32", "float32", "float32"),
    ],
)
def test_a_network_has_the_policy_of_its_training_where_it_is_trained(training, backbone, policy, inference, named):
    member = make_member(backbone, **training)

    assert choose_policy(member) == policy
    assert name_precision(member, inference) == named
