"""Observations become labels: encoder, features, heads, the classifier, the model store."""
