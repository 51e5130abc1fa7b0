"""Tables of a hub: Parquet files whose columns are known."""
