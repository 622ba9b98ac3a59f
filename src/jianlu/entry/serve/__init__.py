"""The processes of the service: their entries, the tree that starts them, and the sockets between them."""
