"""Cases before their session: scenes (templates as data), scripts with versions and approval, and the making of a case."""
