"""The data service of a hub: images, folders, files and tables behind one GraphQL endpoint."""
