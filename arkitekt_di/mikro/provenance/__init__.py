"""What made and changed records."""
