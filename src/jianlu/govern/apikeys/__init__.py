"""API keys: how programs of others are told apart, what each may do, and how one is taken back."""
