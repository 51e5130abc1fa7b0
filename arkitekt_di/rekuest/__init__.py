"""Functions: offered to other apps, and called from them."""
