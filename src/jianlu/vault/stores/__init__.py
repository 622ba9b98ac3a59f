"""Stores: the places of sealed objects, the first where they are sealed, the others with copies; kept equal, looked through, reported."""
