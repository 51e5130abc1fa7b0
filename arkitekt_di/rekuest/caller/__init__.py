"""The caller: finds functions, calls them, and follows their tasks."""
