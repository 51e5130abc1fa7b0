"""Tables: Parquet in the object store, of which only what is needed is read."""
