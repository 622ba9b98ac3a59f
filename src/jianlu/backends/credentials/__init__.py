"""Content credentials (C2PA) for recordings that leave the house.

`opening.py` finds them by the settings, `c2pa.py` makes them.
"""
