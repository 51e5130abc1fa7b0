"""What made and changed the records of a hub."""
