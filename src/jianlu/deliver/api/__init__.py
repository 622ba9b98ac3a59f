"""The HTTP API: JSON under /api/v1, errors as problem+json, described by `specs/api/openapi.json`."""
