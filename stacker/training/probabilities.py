"""From logits to probabilities. Apart from heads, so that no setting of members or training re-runs `stack`."""

import keras


def give_probabilities(model: keras.Model) -> keras.Model:
    """Put a sigmoid, where there is one output, or a softmax on a model that gives logits; its name stays."""
    activation = "sigmoid" if model.output_shape[-1] == 1 else "softmax"
    output = keras.layers.Activation(activation, dtype="float32", name="probabilities")(model.output)
    return keras.Model(model.input, output, name=model.name)  # `inputs` would want a list where one array is given
