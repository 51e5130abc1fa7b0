"""Requests to the hub: HTTP, the token endpoint and GraphQL over it."""
