"""How each kind of obligation is written in a pack and compiled into a plan: one module per kind."""
