"""Single large objects: the bytes of files and tables, on their way to the hub and back."""
