"""Single large objects of a hub: the bytes of files and tables, from the request for an upload on."""
