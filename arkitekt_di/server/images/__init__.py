"""The hub's image service: records in the database, pixels in the object store, GraphQL on the wire."""
