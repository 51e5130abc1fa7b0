"""The agent: serves the functions of an app to the hub."""
