"""A client of Jianlu's HTTP API: `client.Client` calls, `models` is what it takes and gives, `webhooks.Verifier` checks what it tells."""
