"""LiveKit behind the same port: written against its published interfaces, tested with no server of theirs."""
