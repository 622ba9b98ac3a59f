"""The model registry: which weights there are, where they come from, and proof that they are the ones named."""
