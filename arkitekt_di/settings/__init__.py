"""Settings: models of every section, and the loader that lays files, variables and arguments over their defaults."""
