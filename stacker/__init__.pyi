from stacker.using.classifier import load as load
